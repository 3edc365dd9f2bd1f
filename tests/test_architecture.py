"""The house stays as it is drawn: imports go one way, and what is pure does no I/O and reads no clock."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bot as package

ROOT = Path(__file__).parent.parent
BOT = ROOT / "bot"

LAYERS = [
    {
        "bot.checks",
        "bot.characters",
        "bot.dot_env",
        "bot.environment",
        "bot.errors",
        "bot.refusals",
        "bot.edges",
        "bot.mrkdwn",
        "bot.pace",
        "bot.retries",
        "bot.manifest",
        "bot.workspace",
        "bot.checks.item",
        "bot.secret_files",
        "bot.network",
        "bot.threads",
        "bot.version",
    },
    {"bot.output"},
    {
        "bot.console",
        "bot.jobs",
        "bot.job_ids",
        "bot.logs",
        "bot.metastudio.attempts",
        "bot.metastudio.credentials",
        "bot.metastudio.faults",
        "bot.metastudio.iam_tokens",
        "bot.metastudio.signing",
        "bot.network.limits",
        "bot.network.names",
        "bot.network.proxies",
        "bot.network.trust",
    },
    {
        "bot.sightings",
        "bot.config",
        "bot.network.variables",
        "bot.network.sessions",
        "bot.network.slack",
        "bot.terminal",
        "bot.tokens",
        "bot.metastudio.refusals",
        "bot.metastudio.throttle",
    },
    {"bot.memory", "bot.subscriptions"},
    {"bot.cards", "bot.sweep", "bot.metrics", "bot.metastudio.auth", "bot.metastudio.transport"},
    {"bot.notices", "bot.sending", "bot.metastudio.client"},
    {
        "bot.listings",
        "bot.metastudio.probe",
        "bot.servers",
        "bot.store.files",
        "bot.store.kept",
        "bot.store.rows",
    },
    {"bot.store.disk"},
    {"bot.store.sqlite"},
    {"bot.store"},
    {"bot.identity", "bot.outbox", "bot.takeover", "bot.watcher"},
    {
        "bot.listeners.answers",
        "bot.listeners.desk",
        "bot.listeners.stopwatch",
        "bot.listeners.usage",
    },
    {"bot.listeners.actions", "bot.listeners.commands", "bot.listeners.unhandled"},
    {"bot.listeners", "bot.http_mode", "bot.socket_mode"},
    {"bot.health"},
    {"bot.app"},
    {
        "bot.checks.listening",
        "bot.checks.metastudio",
        "bot.checks.settings",
        "bot.checks.slack",
        "bot.checks.store",
    },
    {"bot.checks.check", "bot.run"},
    {"bot.cli"},
    {"bot.__main__"},
]
"""The modules, lowest first: each may import only from the layers below its own."""

PURE = [
    "bot.characters",
    "bot.environment",
    "bot.errors",
    "bot.refusals",
    "bot.mrkdwn",
    "bot.pace",
    "bot.manifest",
    "bot.workspace",
    "bot.checks.item",
    "bot.store.kept",
    "bot.jobs",
    "bot.job_ids",
    "bot.memory",
    "bot.sightings",
    "bot.subscriptions",
    "bot.sweep",
    "bot.cards",
    "bot.notices",
    "bot.listings",
    "bot.listeners.usage",
    "bot.metastudio.attempts",
    "bot.metastudio.iam_tokens",
    "bot.metastudio.refusals",
    "bot.metastudio.signing",
]
OUTSIDE = {"aiohttp", "os", "pathlib", "random", "slack_bolt", "socket", "subprocess", "sys", "time"}
"""Where I/O, chance and clocks come from."""
CLOCKS = {"now", "utcnow", "today", "monotonic"}
LONGEST_MODULE = 420
LONGEST_FUNCTION = 45


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(BOT.rglob("*.py"))}
OWN = {name: path for name, path in MODULES.items() if not name.startswith("bot.demo")}


def imports(path: Path) -> set[str]:
    """List what a module imports, as full names; ``from x import y`` counts as x.y where that is a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            deeper = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= deeper or {node.module}
    return found


def layer_of(name: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if name in layer)


def test_every_module_has_its_layer() -> None:
    """The picture is complete: a new module is put into it by hand."""
    drawn = set().union(*LAYERS)

    assert drawn == OWN.keys() - {"bot", "bot.metastudio"}


@pytest.mark.parametrize("name", sorted(set().union(*LAYERS)))
def test_imports_go_down_only(name: str) -> None:
    """A module imports from below its own layer; only the command line reaches into the demo."""
    own = {other for other in imports(MODULES[name]) if other.split(".")[0] == "bot"} - {"bot"}
    demo = {other for other in own if other.startswith("bot.demo")}

    assert not demo or name == "bot.cli"
    assert [other for other in own - demo if layer_of(other) >= layer_of(name)] == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_are_pure(name: str) -> None:
    """They import nothing that reaches outside, and call no clock."""
    tree = ast.parse(MODULES[name].read_text())
    called = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert {other.split(".")[0] for other in imports(MODULES[name])} & OUTSIDE == set()
    assert called & CLOCKS == set()
    assert "PURE" in (ast.get_docstring(tree) or "")


def test_one_folder_speaks_httpx() -> None:
    """Another HTTP library would be one folder's work."""
    users = {name for name, path in OWN.items() if "httpx" in imports(path)}

    assert {name.rpartition(".")[0] for name in users} == {"bot.metastudio"}


def test_only_the_command_line_prints() -> None:
    """Nothing else writes to the terminal; the demo is given what it writes to."""
    printing = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert printing == set()
    assert {name for name in OWN if "rich.console" in imports(OWN[name])} == {"bot.console", "bot.terminal"}


def test_the_map_names_every_module() -> None:
    """The package's docstring has a line for each module and folder."""
    entries = {path.name for path in BOT.glob("*.py")} | {
        f"{path.parent.name}/" for path in BOT.glob("*/*.py")
    }
    first_words = {line.split()[0] for line in (package.__doc__ or "").splitlines()[1:] if line}

    assert first_words == entries - {"__init__.py"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_everything_fits_in_the_head(name: str) -> None:
    """No module and no function grows without somebody deciding so."""
    source = MODULES[name].read_text()
    nodes = ast.walk(ast.parse(source))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [each.name for each in functions if (each.end_lineno or 0) - each.lineno > LONGEST_FUNCTION]

    assert len(source.splitlines()) <= LONGEST_MODULE
    assert long == []


def test_run_carries_nothing_that_it_does_not_need() -> None:
    """What only other commands use, and httpx's own transport, are not in a running bot's memory."""
    commands = {
        "bot.checks.check",
        "bot.cli",
        "bot.demo",
        "bot.manifest",
        "bot.terminal",
        "rich",
        "typer",
        "yaml",
    }
    others = commands | {"httpcore", "anyio"}
    program = f"import sys, bot.__main__, bot.run; print([name for name in {others} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert printed.stdout == "[]\n"


def test_every_bench_has_a_short_form() -> None:
    """CI finds by this word what it has to run, so that no bench can rot."""
    commands = [
        path for path in (ROOT / "tests" / "bench").glob("*.py") if "ArgumentParser" in path.read_text()
    ]

    assert [path.name for path in commands if '"--quick"' not in path.read_text()] == []
    assert len(commands) >= 6
