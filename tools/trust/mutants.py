"""Mutants of a function: copies with one small change each.

The mutator is our own, because the solutions are cells of notebooks, a mutant must run in this process within a second
(mutmut and cosmic-ray start a test run for each), and the mistakes that matter here are about axes and indices,
which they do not change.
"""

import ast
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
    The key is the changed statement, before and after."""
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    names = [arg.arg for arg in function.args.args]
    names += sorted(
        {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    )
    found = {}
    for path, node in _nodes(function):
        for changed in _changes(node, names):
            made = _replaced(function, path, changed)
            if made is None:
                continue
            ast.fix_missing_locations(made)
            try:
                text = ast.unparse(made)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # Python warns of some mutants
                    compile(text, "mutant", "exec")
            except (SyntaxError, ValueError):
                continue
            if text != ast.unparse(function) and not SIZES.search(text):
                found.setdefault(text, _key(function, made))
    return [(key, text) for text, key in found.items()]


def _nodes(node, path=()):
    """(path, node) of every node below; a path is the fields and indices that lead to it."""
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.arguments):
                yield (*path, (field, index)), child
                yield from _nodes(child, (*path, (field, index)))


def _replaced(function, path, new):
    """A copy of the function in which the node at `path` is `new` (None drops it from its list)."""
    made = copy.deepcopy(function)
    *above, (field, index) = path
    node = made
    for name, i in above:
        node = getattr(node, name) if i is None else getattr(node, name)[i]
    if new is None:
        if index is None or len(getattr(node, field)) == 1 and field == "body":
            return None
        del getattr(node, field)[index]
    elif index is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[index] = new
    return made


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
        yield ast.Assign([copy.deepcopy(node.target)], node.value)
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


def _key(function, made):
    """ "old statement -> new statement": what stays the same when lines move."""
    old, new = (_statements(one) for one in (function, made))
    gone = [line for line in old if line not in new] or [line for line in old if old.count(line) > new.count(line)]
    come = [line for line in new if line not in old]
    return f"{' ; '.join(gone)} -> {' ; '.join(come) or 'nothing'}"


def _statements(function):
    """The lines of a function without its nested blocks, one per statement."""
    return [
        " ".join(ast.unparse(node).split("\n")[0].split())
        for node in ast.walk(function)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef)
    ]
