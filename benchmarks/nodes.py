"""How large the code is, in syntax nodes: a measure that layout and comments do not move.

python -m benchmarks.nodes          the folders of mi_widgets/widgets
python -m benchmarks.nodes lab      of another room

Python is counted with `ast`, docstrings left out; TypeScript with its compiler; tests and CSS are not counted.
"""

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from mi_widgets.widgets.build_hook import HERE, any_node

PACKAGE = HERE.parent
NOT_OURS = {"node_modules", "_bundles"}


def python_nodes(path: Path) -> int:
    """The nodes of a Python file without its docstrings."""
    tree = ast.parse(path.read_text())
    said = sum(
        1
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return sum(1 for _ in ast.walk(tree)) - 2 * said


def typescript_nodes(paths: list[Path]) -> dict[Path, int]:
    """The nodes of TypeScript files."""
    if not paths:
        return {}
    node = any_node()
    node.install()
    script = Path(__file__).with_suffix(".mjs")
    command = [node.node, str(script), str(HERE)]
    counted = subprocess.run(
        command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=True
    )
    return {Path(path): n for path, n in json.loads(counted.stdout).items()}


def nodes_of(room: Path) -> dict[Path, int]:
    """The nodes of every source file of a room, tests left out."""
    files = [path for path in sorted(room.rglob("*")) if not NOT_OURS & set(path.relative_to(room).parts)]
    found = {path: python_nodes(path) for path in files if path.suffix == ".py"}
    return found | typescript_nodes(
        [path for path in files if path.suffix == ".ts" and not path.name.endswith(".test.ts")]
    )


def main(arguments: list[str]) -> None:
    """Print the nodes of a room, folder by folder, and their sum."""
    room = PACKAGE / (arguments[0] if arguments else "widgets")
    counted, files = Counter[tuple[str, str]](), nodes_of(room)
    for path, n in files.items():
        folder = path.relative_to(room).parts[0]
        counted["." if folder.endswith((".py", ".ts")) else folder, path.suffix] += n
    for folder in sorted({folder for folder, _ in counted}):
        print(f"{folder:16} py {counted[folder, '.py']:7,}   ts {counted[folder, '.ts']:7,}")
    print(f"{len(files)} files, {sum(files.values()):,} nodes")


if __name__ == "__main__":
    main(sys.argv[1:])
