"""The ways to sign in to MetaStudio, with good credentials or wrong ones, for a client and as settings."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from bot.metastudio.auth import AccessKey, GivenToken, Key, SignIn
from bot.metastudio.client import MetaStudio
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from tests.servers import TOKEN, client_at
from tests.support import AT_ONCE

EACH_WAY = pytest.mark.parametrize("way", ["access key", "IAM user", "token"])
WRONG = "HUSHWRONG"


def sign_in(
    way: str, metastudio: MetaStudioSimulator, secret: str | None = None, **given: Any
) -> SignIn[Any]:
    """Sign in with the good secret, or another one; ``given`` is for the class."""
    if way == "token":
        return GivenToken(secret or TOKEN)
    project = {"project_id": metastudio.project_id}
    if way == "access key":
        return AccessKey(Key(ACCESS_KEY, secret or SECRET_KEY), **project | given)
    user = {"name": IAM_USER, "password": secret or IAM_PASSWORD, "domain": IAM_DOMAIN}
    return IamUser(**user | project | {"iam_endpoint": metastudio.url} | given)


def client_of(
    metastudio: MetaStudioSimulator, auth: SignIn[Any] | str, secret: str | None = None, **given: Any
) -> AbstractAsyncContextManager[MetaStudio]:
    """Make a client that signs in so, or this way, and waits for nothing by itself."""
    auth = sign_in(auth, metastudio, secret) if isinstance(auth, str) else auth
    return client_at(metastudio.url, auth=auth, **{"rates": AT_ONCE} | given)


def settings_of(way: str, secret: str | None = None) -> dict[str, Any]:
    """Return the settings of a way; what the others need is not set."""
    key = {"huaweicloud_sdk_ak": None, "huaweicloud_sdk_sk": None}
    if way == "token":
        return key | {"metastudio_auth_token": secret or TOKEN}
    if way == "access key":
        return {"huaweicloud_sdk_ak": ACCESS_KEY, "huaweicloud_sdk_sk": secret or SECRET_KEY}
    user = {"huaweicloud_iam_user": IAM_USER, "huaweicloud_iam_domain": IAM_DOMAIN}
    return key | user | {"huaweicloud_iam_password": secret or IAM_PASSWORD}
