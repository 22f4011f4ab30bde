"""Mutants of a function: copies with one small change each.

The mutator is our own, because the solutions are cells of notebooks, a mutant must run in this process within a second
(mutmut and cosmic-ray start a test run for each), and the mistakes that matter here are about axes and indices,
which they do not change.
"""

import ast
import contextlib
import copy
import functools
import re
import warnings

BINARY = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult, ast.Sub),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Mod: (ast.Add,),
    ast.FloorDiv: (ast.Div,),
}
COMPARE = {
    ast.Eq: (ast.NotEq, ast.GtE),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
}
SIZES = re.compile(r"len\(-|\(-\w+\)\.shape|np\.shape\(-")  # the size of minus x is that of x
RENAME = {
    "max": ("min", "sum", "mean"),
    "min": ("max", "sum", "mean"),
    "sum": ("mean", "max", "prod"),
    "mean": ("sum", "max"),
    "exp": ("exp2", "log"),
    "log": ("log2", "exp"),
    "ceil": ("floor", "round"),
    "zeros": ("ones",),
    "logaddexp": ("add",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "abs": ("negative",),
    "zeros_like": ("ones_like",),
}


@functools.cache
def mutants(source):
    """[(key, source)] of every small change to a function, each once.
    The key is the changed statement, before and after.

    Each change is made in the one tree and taken back: a copy of the tree for each cost more than all else.
    """
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    names = [arg.arg for arg in function.args.args]
    names += sorted(
        {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    )
    lines = {node: _line(node) for node in _statements(function)}
    original, made = ast.unparse(function), {}
    for above, field, index, node in [*_nodes(function)]:
        for changed in [*_changes(node, names)]:
            with _replaced(above[-1], field, index, changed) as possible:
                if not possible:
                    continue
                try:
                    text = ast.unparse(function)
                    if text == original or text in made or SIZES.search(text):
                        continue
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # Python warns of some mutants
                        compile(text, "mutant", "exec")
                except (SyntaxError, ValueError):
                    continue
                same = {statement: line for statement, line in lines.items() if statement not in above}
                now = _statements(function) if isinstance(node, ast.stmt) else lines
                made[text] = _key([*lines.values()], [same.get(statement) or _line(statement) for statement in now])
    return [(key, text) for text, key in made.items()]


def _nodes(node, above=()):
    """(nodes above, field, index, node) of every node below: the last of those above has it in that field."""
    above = (*above, node)
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.arguments):
                yield above, field, index, child
                yield from _nodes(child, above)


@contextlib.contextmanager
def _replaced(parent, field, index, new):
    """Inside, the parent's child is `new` (None drops it from its list). Yields whether that can be."""
    value = getattr(parent, field)
    if index is None:
        changed = new
    else:
        changed = [*value[:index], *([] if new is None else [new]), *value[index + 1 :]]
    if changed is None or changed == [] and field == "body":
        yield False
        return
    setattr(parent, field, changed)
    try:
        yield True
    finally:
        setattr(parent, field, value)


def _with(node, **fields):
    node = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _minus(node):
    return ast.UnaryOp(ast.USub(), copy.deepcopy(node))


def _changes(node, names):
    """What can be put in the place of a node; None stands for nothing at all."""
    if isinstance(node, ast.BinOp):
        yield from (_with(node, op=op()) for op in BINARY.get(type(node.op), ()))
        if not isinstance(node.op, (ast.Add, ast.Mult)):  # these two have no order
            yield _with(node, left=node.right, right=node.left)
        yield node.left
        yield node.right
        yield _minus(node)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        yield from (_with(node, ops=[op()]) for op in COMPARE.get(type(node.ops[0]), ()))
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.keyword):
        yield None
        if node.arg == "axis":
            yield from (_with(node, value=ast.Constant(axis)) for axis in (0, 1, -1, None))
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Slice):
        yield ast.Slice(node.upper, node.lower, node.step)
        yield ast.Slice(node.lower, node.upper, None)
        yield ast.Slice(None, node.upper, node.step)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (ast.Name(other, ast.Load()) for other in names if other != node.id)
        yield _minus(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        if len(node.elts) == 2:
            yield _with(node, elts=node.elts[::-1])
    elif isinstance(node, ast.AugAssign):
        yield None
        yield _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
        yield ast.Assign([copy.deepcopy(node.target)], node.value, lineno=node.lineno)
    elif isinstance(node, (ast.Assign, ast.Expr)):
        yield None


def _constants(value):
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield from (
            ast.Constant(other) for other in dict.fromkeys((value + 1, value - 1, 0, 2 * value)) if other != value
        )
    elif isinstance(value, str) and "->" in value:  # einsum: the result turned round, or an operand
        left, right = value.split("->")
        yield ast.Constant(f"{left}->{right[::-1]}")
        for part in left.split(","):
            yield ast.Constant(f"{left.replace(part, part[::-1], 1)}->{right}")


def _calls(node):
    name = (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )
    method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "math")
    )
    yield _minus(node)
    if method:
        yield node.func.value  # x.sum(axis=0) becomes x
    yield from node.args  # f(x, y) becomes x, or y
    for i in range(len(node.args) - 1):
        args = list(node.args)
        args[i], args[i + 1] = args[i + 1], args[i]
        yield _with(node, args=args)
    for other in RENAME.get(name, ()):
        yield _with(
            node, func=_with(node.func, **({"attr": other} if isinstance(node.func, ast.Attribute) else {"id": other}))
        )


def _key(old, new):
    """ "old statement -> new statement": what stays the same when lines move."""
    gone = [line for line in old if line not in new] or [line for line in old if old.count(line) > new.count(line)]
    come = [line for line in new if line not in old]
    return f"{' ; '.join(gone)} -> {' ; '.join(come) or 'nothing'}"


def _statements(function):
    return [node for node in ast.walk(function) if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef)]


def _line(statement):
    """A statement without its nested block, on one line."""
    return " ".join(ast.unparse(statement).split("\n")[0].split())
