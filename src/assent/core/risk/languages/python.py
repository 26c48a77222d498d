"""What a Python program does, read by its syntax tree.

Values are followed through names, calls and loops, without regard to order: a name stands for all
that is ever bound to it. What can act on the world is reached by modules and builtins alone, so
those are followed wherever they go, and where one is handed to something that could call it
later, it counts as called with arguments that are not known.
"""

import ast
import builtins
import warnings
from dataclasses import dataclass, field

from assent.core.risk.languages.python_calls import Args, Calls
from assent.core.risk.languages.python_names import ACTING_METHODS, METHODS
from assent.core.risk.languages.python_scopes import Scopes
from assent.core.risk.languages.python_spans import Spans
from assent.core.risk.languages.python_specials import SPECIALS
from assent.core.risk.languages.python_values import (
    DATA,
    Const,
    Data,
    Environ,
    Func,
    Mod,
    Path,
    Plain,
    Ref,
    Seq,
    Text,
    Third,
    Value,
    Values,
    added,
    as_shown,
    constant,
    is_plain,
    items,
    joined,
    joined_path,
    sequence,
)
from assent.core.risk.languages.reading import LIMIT, Reading, one

MAX_NODES = 3_000
MAX_ROUNDS = 10
WIDEN_AFTER = 4


def read_python(code: str) -> Reading:
    """What `code` does when it is run; `unknown` when that cannot be told. Never raises."""
    if len(code) > LIMIT:
        return one("unknown", "runs Python code that is too long to be read")
    tree = _parsed(code)
    if tree is None:
        return one("unknown", "runs Python code that cannot be read")
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        return one("unknown", "runs Python code that is too long to be read")
    try:
        return _follow(tree, code)
    except RecursionError:
        return one("unknown", "runs Python code that is nested too deeply")


def _parsed(code: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _follow(tree: ast.Module, code: str) -> Reading:
    """Rounds over the program until no name stands for anything more."""
    program = _Program(Spans(code))
    for round_ in range(MAX_ROUNDS):
        program.calls = Calls(program.spans.of, SPECIALS)
        scopes = program.scopes
        scopes.changed, scopes.widens = False, round_ >= WIDEN_AFTER
        program.run(tree.body)
        if not scopes.changed and scopes.whole:
            return program.calls.reading(tree)
        scopes.whole = not scopes.changed
    return one("unknown", "runs Python code that is too involved to be followed")


_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_STREAMS = ("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.path")


@dataclass(slots=True)
class _Program:
    """The names of a program, and what they stand for."""

    spans: Spans
    calls: Calls = field(init=False)
    scopes: Scopes = field(default_factory=Scopes)
    functions: list[ast.AST] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """Where functions and comprehensions are in that list, by their identity."""
    stars: bool = False
    """Whether names are imported that cannot be told."""

    # --- names

    def bind(self, name: str, values: Values) -> None:
        if self.scopes.in_class:
            self.calls.escape(values, _NOWHERE)
        self.scopes.bind(name, values)

    def look_up(self, name: str, node: ast.AST) -> Values:
        """All that the name can stand for; a name that a class or the module binds at times may
        at other times stand for what it does elsewhere."""
        values, where = self.scopes.find(name)
        if where is None:
            return values | self._look_beyond(name, node)
        if where == "":
            values |= self._acting_builtin(name)
        return DATA if self.scopes.whole and not values else values

    def _acting_builtin(self, name: str) -> Values:
        harmless = name not in _BUILTINS or self.calls.is_harmless(f"builtins.{name}")
        return frozenset() if harmless else frozenset({Ref(f"builtins.{name}")})

    def _look_beyond(self, name: str, node: ast.AST) -> Values:
        """A name that the program does not bind."""
        if name in ("__name__", "__file__", "__doc__", "__annotations__"):
            return DATA
        if self.stars:
            return DATA | {Third(f"*.{name}")} | self._acting_builtin(name)
        if name.startswith("__") and name != "__import__":
            self.calls.note("code", f"reaches for {name}", node)
            return DATA
        if name in _BUILTINS:
            return frozenset({Ref(f"builtins.{name}")})
        return DATA if self.scopes.whole else frozenset()

    def assign(self, target: ast.expr, values: Values) -> None:
        """`target` stands for `values` from now on."""
        match target:
            case ast.Name(id=name):
                self.bind(name, values)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._unpack(parts, values)
            case ast.Starred(value=inner):
                self.calls.escape(values, target)
                self.assign(inner, DATA)
            case ast.Attribute(value=base, attr=name):
                self._set_attribute(self.value(base), name, values, target)
            case ast.Subscript(value=base, slice=key):
                self._set_item(self.value(base), self.value(key), values, target)
            case _:
                self.value(target)

    def _unpack(self, parts: list[ast.expr], values: Values) -> None:
        for place, part in enumerate(parts):
            given: list[Values] = []
            for value in values:
                fits = isinstance(value, Seq) and len(value.items) == len(parts)
                exact = fits and not any(isinstance(each, ast.Starred) for each in parts)
                if exact and isinstance(value, Seq):
                    given.append(value.items[place])
                else:
                    given.append(items(frozenset({value})))
            self.assign(part, joined(given))

    def _set_attribute(self, bases: Values, name: str, values: Values, node: ast.expr) -> None:
        for base in bases:
            steers = isinstance(base, Mod) and f"{base.name}.{name}" not in _STREAMS
            if steers or isinstance(base, Ref) or (name.startswith("__") and name != "__doc__"):
                self.calls.note("code", f"replaces {name} of something", node)
        self.calls.escape(values, node)

    def _set_item(self, bases: Values, key: Values, values: Values, node: ast.expr) -> None:
        for base in bases:
            if isinstance(base, Environ):
                self.calls.set_variable(key, node)
            elif isinstance(base, Mod):
                self.calls.note("code", "changes a module", node)
        self.escape(values, node)

    def escape(self, values: Values, node: ast.AST) -> None:
        """`values` go where they are no longer followed."""
        self.calls.escape(values, node)
        for value in values:
            if isinstance(value, Func):
                self._call_back(value)

    def _call_back(self, value: Func) -> None:
        """A function may be called with anything."""
        node = self.functions[value.place]
        if isinstance(node, _Function):
            for name in _parameters(node.args):
                self.scopes.bind_in(str(value.place), name, DATA)

    # --- statements

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._run_one(statement)

    def _run_one(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node)
            case ast.Assign(targets=targets, value=value):
                values = self.value(value)
                for target in targets:
                    self.assign(target, values)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.value(node.annotation)
                self.assign(target, self.value(value))
            case ast.AugAssign(target=target, value=value, op=op):
                before = self.value(target)
                self.assign(target, self._operate(before, op, self.value(value), node) | before)
            case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
                self.assign(target, self._iterate(iterable))
                self.run(node.body + node.orelse)
            case ast.With(items=entries, body=body) | ast.AsyncWith(items=entries, body=body):
                for entry in entries:
                    values = self.value(entry.context_expr)
                    if entry.optional_vars is not None:
                        self.assign(entry.optional_vars, values)
                self.run(body)
            case _:
                self._run_other(node)

    def _run_other(self, node: ast.stmt) -> None:
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self.scopes.declare_outer(names)
            case ast.Return(value=value) if value is not None:
                self.bind("return", self.value(value))
            case ast.Expr(value=ast.Call(func=ast.Name(id="compile")) as call):
                if self.value(call.func) == frozenset({Ref("builtins.compile")}):
                    self._arguments(call)
                else:
                    self.value(call)
            case ast.Expr(value=value):
                self.value(value)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.value(target)
            case _:
                self._run_parts(node)

    def _run_parts(self, node: ast.AST) -> None:
        """Statements that only hold others: whatever stands in them is run."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._run_one(child)
            elif isinstance(child, ast.expr):
                self.escape(self.value(child), child)
            else:
                self._bind_pattern(child)
                self._run_parts(child)

    def _bind_pattern(self, node: ast.AST) -> None:
        """Names that exception handlers and patterns bind."""
        match node:
            case ast.ExceptHandler(name=str(name)):
                self.bind(name, DATA)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self.bind(name, DATA)
            case ast.MatchMapping(rest=str(name)):
                self.bind(name, DATA)
            case ast.MatchClass(kwd_attrs=attributes):
                for name in attributes:
                    self.calls.attribute(Data(), name, node)
            case _:
                pass

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = self.calls.imported(alias.name, node)
                root = self.calls.imported(alias.name.split(".", 1)[0], node)
                self.bind(
                    alias.asname or alias.name.split(".", 1)[0],
                    frozenset({module if alias.asname else root}),
                )
            return
        name = "." * node.level + (node.module or "")
        module = self.calls.imported(name.lstrip(".") or "the project", node)
        for alias in node.names:
            if alias.name != "*":
                self.bind(
                    alias.asname or alias.name, self.calls.attribute(module, alias.name, node)
                )
            elif isinstance(module, Third):
                self.stars = True
            else:
                self.calls.note("code", f"imports all names of {name}", node)

    def _place(self, node: ast.AST) -> int:
        if id(node) not in self.places:
            self.places[id(node)] = len(self.functions)
            self.functions.append(node)
        return self.places[id(node)]

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        place = self._place(node)
        for decorator in node.decorator_list:
            self.escape(self.value(decorator), decorator)
        if isinstance(node, ast.ClassDef):
            for base in node.bases + [each.value for each in node.keywords]:
                self.escape(self.value(base), base)
            outside = self.scopes.enter_class(place)
            self.run(node.body)
            self.scopes.open = outside
            for each in node.body:
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._call_back(Func(self._place(each)))
        else:
            self._enter(node, place, node.body)
        self.bind(node.name, frozenset({Func(place)}) if not node.decorator_list else DATA)
        if node.decorator_list:
            self._call_back(Func(place))

    def _enter(self, node: _Function, place: int, body: list[ast.stmt]) -> None:
        """The body of a function, in its own scope; its parameters are bound by its calls."""
        scope = str(place)
        given = node.args
        self._annotations(node)
        self._bind_defaults(given, scope)
        outside = self.scopes.enter_function(place)
        for name in (given.vararg, given.kwarg):
            if name is not None:
                self.scopes.bind_in(scope, name.arg, DATA)
        for name in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            self.scopes.bind_in(scope, name.arg, frozenset())
        self.run(body)
        self.scopes.open = outside

    def _annotations(self, node: _Function) -> None:
        """They are computed when the function is defined."""
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        for each in every:
            if each is not None and each.annotation is not None:
                self.value(each.annotation)
        if not isinstance(node, ast.Lambda) and node.returns is not None:
            self.value(node.returns)

    def _bind_defaults(self, given: ast.arguments, scope: str) -> None:
        positional = [*given.posonlyargs, *given.args]
        tail = positional[len(positional) - len(given.defaults) :]
        pairs = [*zip(tail, given.defaults, strict=True)]
        pairs += [(n, d) for n, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
        for name, default in pairs:
            values = self.value(default)
            self.escape(values, default)
            self.scopes.bind_in(scope, name.arg, values)

    # --- expressions

    def value(self, node: ast.expr) -> Values:
        """What the expression can stand for."""
        match node:
            case ast.Constant(value=value):
                return constant(value) if isinstance(value, str | int | bool | None) else DATA
            case ast.Name(id=name):
                return self.look_up(name, node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operate(self.value(left), op, self.value(right), node)
            case ast.JoinedStr(values=parts):
                return self._format(parts)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._sequence(parts)
            case ast.BoolOp(values=parts):
                return joined(self.value(part) for part in parts)
            case ast.IfExp(test=test, body=body, orelse=other):
                self.value(test)
                return joined((self.value(body), self.value(other)))
            case _:
                pass
        return self._other_value(node)

    def _other_value(self, node: ast.expr) -> Values:
        match node:
            case ast.NamedExpr(target=target, value=value):
                values = self.value(value)
                self.scopes.bind_around(target.id, values)
                return values
            case ast.Subscript(value=base, slice=key):
                return self._subscript(self.value(base), self.value(key), node)
            case ast.Lambda():
                return self._lambda(node)
            case ast.ListComp(elt=element) | ast.SetComp(elt=element):
                return self._comprehend(node.generators, element)
            case ast.GeneratorExp(elt=element):
                return self._comprehend(node.generators, element)
            case ast.DictComp(key=key, value=value):
                pair = ast.copy_location(ast.Tuple([key, value], ast.Load()), node)
                self._comprehend(node.generators, pair)
                return DATA
            case ast.Await(value=value):
                return self.value(value)
            case ast.Compare():
                return self._compare(node)
            case ast.Dict():
                return self._dict(node)
            case _:
                pass
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.escape(self.value(child), child)
        return DATA

    def _dict(self, node: ast.Dict) -> Values:
        keys = [self.value(key) if key is not None else None for key in node.keys]
        values = [self.value(value) for value in node.values]
        pairs = [*zip(keys, values, strict=True)]
        environ = any(key is None and value == frozenset({Environ()}) for key, value in pairs)
        for key, value in pairs:
            if key is not None:
                self.escape(key, node)
                self.escape(value, node)
            elif value != frozenset({Environ()}):
                self.escape(value, node)
            if environ and key is not None:
                self.calls.set_variable(key, node)
        if environ:
            return frozenset({Environ()})
        parts = [each for pair in pairs for each in pair]
        plain = all(each is not None and is_plain(each) for each in parts)
        return frozenset({Plain()}) if plain else DATA

    def _compare(self, node: ast.Compare) -> Values:
        """Comparing shows nothing and calls nothing that was not followed before."""
        for side in (node.left, *node.comparators):
            self.value(side)
        return DATA

    def _attribute(self, node: ast.Attribute) -> Values:
        bases = self.value(node.value)
        for base in bases:
            acts = node.attr in _ACTING_METHODS and not isinstance(base, Mod | Third)
            if acts or (isinstance(base, Path) and node.attr in ("rename", "replace", "open")):
                self.calls.note("code", f"hands over the method {node.attr}", node)
            if isinstance(base, Environ):
                self.calls.note("secret", "shows the environment, which may hold secrets", node)
        return joined(self.calls.attribute(base, node.attr, node) for base in bases)

    def _call(self, node: ast.Call) -> Values:
        args = self._arguments(node)
        if isinstance(node.func, ast.Attribute):
            bases = self.value(node.func.value)
            if not all(args.every):
                return frozenset()
            return joined(self._call_attribute(each, node.func.attr, args, node) for each in bases)
        called = self.value(node.func)
        if not all(args.every):
            return frozenset()
        return joined(self._call_value(value, args, node) for value in called)

    def _arguments(self, node: ast.Call) -> Args:
        positional: list[Values] = []
        starred = False
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                starred = True
                self.escape(self.value(argument.value), argument)
            else:
                values = self.value(argument)
                positional.append(DATA if starred else values)
                if starred:
                    self.escape(values, argument)
        keywords: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.value(keyword.value)
            if keyword.arg is None:
                starred = True
                self.escape(values, keyword.value)
            else:
                keywords[keyword.arg] = values
        return Args(tuple(positional), keywords, starred)

    def _call_attribute(self, base: Value, name: str, args: Args, node: ast.Call) -> Values:
        made = isinstance(base, Ref) and f"{base.name}.{name}" in _MAKERS
        if isinstance(base, Mod | Third) or made:
            reached = self.calls.attribute(base, name, node)
            return joined(self._call_value(value, args, node) for value in reached)
        self._free(args)
        return self.calls.method(base, name, args, node)

    def _free(self, args: Args) -> None:
        for values in args.every:
            for value in values:
                if isinstance(value, Func):
                    self._call_back(value)

    def _call_value(self, value: Value, args: Args, node: ast.Call) -> Values:
        if isinstance(value, Func):
            return self._call_function(value, args, node)
        self._free(args)
        return self.calls.call(value, args, node)

    def _call_function(self, value: Func, args: Args, node: ast.Call) -> Values:
        called = self.functions[value.place]
        if not isinstance(called, _Function):
            for values in args.every:
                self.escape(values, node)
            return DATA
        self._give(called, value.place, args)
        if args.starred or called.args.vararg or called.args.kwarg:
            for values in args.every:
                self.escape(values, node)
            self._call_back(value)
        returned = self.scopes.names.get((str(value.place), "return"), frozenset())
        returns = any(isinstance(each, ast.Return) for each in ast.walk(called))
        return returned if returns or isinstance(called, ast.Lambda) else DATA

    def _give(self, called: _Function, place: int, args: Args) -> None:
        names = [each.arg for each in (*called.args.posonlyargs, *called.args.args)]
        for name, values in zip(names, args.positional, strict=False):
            self.scopes.bind_in(str(place), name, values)
        for name, values in args.keywords.items():
            self.scopes.bind_in(str(place), name, values)

    def _lambda(self, node: ast.Lambda) -> Values:
        place = self._place(node)
        result = ast.Return(value=node.body)
        self._enter(node, place, [result])
        return frozenset({Func(place)})

    def _iterate(self, node: ast.expr) -> Values:
        values = self.value(node)
        if any(isinstance(value, Environ) for value in values):
            self.calls.note("secret", "shows the environment, which may hold secrets", node)
        return items(values)

    def _comprehend(self, generators: list[ast.comprehension], element: ast.expr) -> Values:
        outside = self.scopes.open
        for place, each in enumerate(generators):
            values = self._iterate(each.iter)
            if place == 0:
                self.scopes.enter_comprehension(self._place(each))
            self.assign(each.target, values)
            for test in each.ifs:
                self.value(test)
        values = self.value(element)
        self.escape(values, element)
        self.scopes.open = outside
        return sequence((values,)) if values else frozenset()

    def _sequence(self, parts: list[ast.expr]) -> Values:
        found: list[Values] = []
        whole = True
        for part in parts:
            values = self.value(part.value if isinstance(part, ast.Starred) else part)
            self.escape(values, part)
            whole = whole and not isinstance(part, ast.Starred)
            found.append(values)
        if not all(found):
            return frozenset()
        return sequence(tuple(found)) if whole else DATA

    def _subscript(self, bases: Values, key: Values, node: ast.Subscript) -> Values:
        found: list[Values] = []
        for base in bases:
            if isinstance(base, Environ):
                self.calls.variable(key, node)
                found.append(DATA)
            elif isinstance(base, Seq | Third | Path):
                found.append(
                    DATA if isinstance(node.slice, ast.Slice) else items(frozenset({base}))
                )
            elif isinstance(base, Ref | Mod):
                self.calls.escape(frozenset({base}), node)
                found.append(DATA)
            else:
                found.append(DATA)
        return joined(found)

    def _format(self, parts: list[ast.expr]) -> Values:
        """A text with values in it: known, or known up to the first that is not."""
        found: Values = constant("")
        for part in parts:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            values = self.value(inner)
            self.escape(values, inner)
            plain = not isinstance(part, ast.FormattedValue) or part.format_spec is None
            if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                self.value(part.format_spec)
            given = values if plain else DATA
            found = joined(added(one, as_shown(two)) for one in found for two in given)
        return found

    def _operate(self, left: Values, op: ast.operator, right: Values, node: ast.AST) -> Values:
        if isinstance(op, ast.Div) and any(isinstance(each, Path) for each in left | right):
            return joined_path(left, (right,)) if left and right else frozenset()
        self.escape(left | right, node)
        if not left or not right:
            return frozenset()
        if isinstance(op, ast.Add):
            return joined(added(one, two) for one in left for two in right)
        known = [each.value for each in left if isinstance(each, Const)]
        if isinstance(op, ast.Mod) and known and len(known) == len(left):
            return frozenset(Text(str(each).split("%", 1)[0]) for each in known)
        return DATA


def _parameters(given: ast.arguments) -> list[str]:
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [each.arg for each in every if each is not None]


_BUILTINS = frozenset(dir(builtins)) | {"exit", "quit", "help", "copyright", "credits", "license"}
_NOWHERE = ast.Module([], [])
_MAKERS = ("pathlib.Path.home", "pathlib.Path.cwd")
_ACTING_METHODS = METHODS.keys() | ACTING_METHODS.keys() | {"execute", "executemany"}
