"""The paths of the APIs that the MetaStudio simulator serves."""

from collections.abc import Mapping

from aiohttp import web

from bot.simulators.metastudio.faults import Api

LIST_PATH = "/v1/{project_id}/voice-training-manage/user/jobs"
JOB_PATH = f"{LIST_PATH}/{{job_id}}"
AUDIT_PATH = f"{JOB_PATH}/audit-result"
LOG_PATH = f"{JOB_PATH}/op-logs"
TOKEN_PATH = "/v3/auth/tokens"  # noqa: S105 - a path

_APIS: Mapping[tuple[str, str], Api] = {
    ("GET", JOB_PATH): "show",
    ("GET", LIST_PATH): "list",
    ("GET", AUDIT_PATH): "audit",
    ("GET", LOG_PATH): "op-logs",
    ("POST", TOKEN_PATH): "iam",
}


def api_of(request: web.Request) -> Api | None:
    """Return the API that a request is to; ``None`` for a path or a method that is none."""
    resource = request.match_info.route.resource
    return _APIS.get((request.method, resource.canonical)) if resource else None
