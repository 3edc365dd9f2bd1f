"""What is pure does no I/O and reads no clock, and no module grows without somebody deciding so.

That imports between the folders go one way is import-linter's contract in ``pyproject.toml``.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bot as package
from bot.docs import page

ROOT = Path(__file__).parent.parent
BOT = ROOT / "bot"
PURE_FOLDERS = {"domain", "messages"}
OUTSIDE = {"aiohttp", "os", "pathlib", "random", "slack_bolt", "socket", "subprocess", "sys", "time"}
"""Where I/O, chance and clocks come from."""
CLOCKS = {"now", "utcnow", "today", "monotonic"}
LONGEST_MODULE, LONGEST_CLASS, LONGEST_FUNCTION = 300, 150, 45
"""In lines; a class of the simulators or the demo may be longer."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(BOT.rglob("*.py"))}
OWN = {name: path for name, path in MODULES.items() if name.split(".")[1:2] not in (["demo"], ["simulators"])}
PURE = [
    name
    for name, path in OWN.items()
    if path.parent.name in PURE_FOLDERS or path.read_text().startswith('"""PURE.')
]


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


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_are_pure(name: str) -> None:
    """They import nothing that reaches outside, and call no clock."""
    tree = ast.parse(MODULES[name].read_text())
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]

    assert {other.split(".")[0] for other in imports(MODULES[name])} & OUTSIDE == set()
    assert {call.attr for call in calls if isinstance(call, ast.Attribute)} & CLOCKS == set()


def test_decisions_are_pure() -> None:
    """Outside the pure folders, too, what decides says of itself that it is pure."""
    decisions = ("errors", "listeners.command_parser", "setup.env_text", "watch.list_scan", "watch.policy")
    of_metastudio = ("metastudio.attempts", "metastudio.errors", "metastudio.signing")

    assert {f"bot.{name}" for name in decisions + of_metastudio} - set(PURE) == set()


def test_one_folder_speaks_httpx_and_two_modules_draw() -> None:
    """Another HTTP library would be one folder's work; what is drawn in a terminal is another one's."""
    users = {name for name, path in OWN.items() if "httpx" in imports(path)}
    drawing = {name for name, path in OWN.items() if "rich.console" in imports(path)}

    assert {name.rpartition(".")[0] for name in users} == {"bot.metastudio"}
    assert drawing == {"bot.messages.terminal", "bot.process.console"}


def test_the_map_names_every_room() -> None:
    """The package's docstring has a line for each folder and each module beside them."""
    entries = {path.name for path in BOT.glob("*.py")} - {"__init__.py"}
    entries |= {f"{path.parent.name}/" for path in BOT.glob("*/__init__.py")}

    assert {line.split()[0] for line in (package.__doc__ or "").splitlines()[1:] if line} == entries


def longer_than(lines: int, source: str, *kinds: type[ast.AST]) -> list[str]:
    """Return the names of a module's classes or functions that have more lines."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return [node.name for node in nodes if node.end_lineno - node.lineno + 1 > lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_everything_fits_in_the_head(name: str) -> None:
    """No module, no class and no function grows without somebody deciding so."""
    source = MODULES[name].read_text()

    assert len(source.splitlines()) <= LONGEST_MODULE
    assert longer_than(LONGEST_FUNCTION, source, ast.FunctionDef, ast.AsyncFunctionDef) == []
    assert name not in OWN or longer_than(LONGEST_CLASS, source, ast.ClassDef) == []


def test_run_carries_nothing_that_it_does_not_need() -> None:
    """What only other commands use, and httpx's own transport, are not in a running bot's memory."""
    own = ("checks", "cli", "demo", "docs", "messages.terminal", "setup", "simulators", "slack.manifest")
    others = {*(f"bot.{name}" for name in own), "rich", "typer", "yaml", "httpcore", "anyio"}
    program = "import sys; sys.modules['click'] = None; "  # import-linter's: with it, httpx imports rich
    program += f"import bot.__main__, bot.run; print([name for name in {others} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert printed.stdout == "[]\n"


def test_every_bench_has_a_short_form() -> None:
    """CI finds by this call, which has ``--quick``, what it has to run; they are those of the page."""
    benches = [path for path in (ROOT / "tests" / "bench").glob("*.py") if "= options(" in path.read_text()]

    assert {path.name for path in benches} == set(
        re.findall(r"^\| `(\w+\.py)`", page("development"), re.MULTILINE)
    )
    assert "= options(" in (ROOT / ".ci" / "run").read_text()
