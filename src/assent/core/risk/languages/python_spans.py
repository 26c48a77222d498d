"""Where the nodes of a Python program stand in its text."""

import ast
from dataclasses import dataclass, field


@dataclass(slots=True)
class Spans:
    """Where nodes stand in the code, in characters; the tree counts bytes in lines."""

    code: str
    starts: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = 0
        self.lines = self.code.split("\n")
        for line in self.lines:
            self.starts.append(place)
            place += len(line) + 1

    def of(self, node: ast.AST) -> tuple[int, int] | None:
        """The character range of `node`; None for what has no place of its own."""
        if not isinstance(node, ast.expr | ast.stmt | ast.excepthandler):
            return None
        if "\r" in self.code or "\f" in self.code or node.end_lineno is None:
            return None
        start = self._at(node.lineno, node.col_offset)
        return start, self._at(node.end_lineno, node.end_col_offset or 0)

    def _at(self, line: int, column: int) -> int:
        if line > len(self.lines):
            return len(self.code)
        text = self.lines[line - 1].encode("utf-8", "surrogatepass")[:column]
        return self.starts[line - 1] + len(text.decode("utf-8", "surrogatepass"))
