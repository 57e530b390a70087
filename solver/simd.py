"""Vectors of eight float32 lanes for kernels, as a Numba type with operators.

Numba leaves the solver's inner loops scalar, because their stores may alias. ``Float32x8`` makes the vectors explicit:
``load8`` gives one, ``+ - * /`` work on them, ``store8`` writes one back, and a kernel stays plain Python.

Arrays of three element types hold numbers: float32 as such, int16 the bits of a half-precision float, uint16 a share
of one in 1/65535 steps. ``load8`` and ``store8`` convert by the array's type, so one kernel serves both precisions.

With ``NUMBA_DISABLE_JIT=1`` the same names are NumPy functions on arrays of eight.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
HALF_LIMIT = 60000.0
"""Regrets are clamped to this before they become half-precision."""
SHARE_STEPS = 65535.0


class Float32x8(types.Type):
    """Eight float32 in one register."""

    def __init__(self) -> None:
        super().__init__(name="float32x8")


float32x8 = Float32x8()

_FLOAT = ir.FloatType()
_BIT = ir.IntType(1)
_INT32 = ir.IntType(32)
_INT64 = ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_HALVES = ir.VectorType(ir.HalfType(), LANES)
_WORDS = ir.VectorType(ir.IntType(16), LANES)
_INTS = ir.VectorType(_INT32, LANES)
_FLAGS = ("nsz", "arcp", "contract", "afn", "reassoc")


@register_model(Float32x8)
class _Float32x8Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, index_type: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [context.cast(builder, index, index_type, types.intp)])


def _load(builder: Any, pointer: Any, kind: ir.VectorType, align: int) -> Any:
    loaded = builder.load(builder.bitcast(pointer, kind.as_pointer()))
    loaded.align = align
    return loaded


def _store(builder: Any, pointer: Any, value: Any, align: int) -> None:
    stored = builder.store(value, builder.bitcast(pointer, value.type.as_pointer()))
    stored.align = align


def _splat(builder: Any, value: Any, kind: ir.VectorType) -> Any:
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(_INTS, [0] * LANES))


def _maximum(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _minimum(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _intrinsics() -> dict[str, Any]:  # noqa: C901 (a list of definitions)
    @intrinsic
    def load8(typing: Any, array: Any, index: Any) -> Any:
        signature = float32x8(array, index)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            if array.dtype == types.int16:
                return builder.fpext(_load(builder, pointer, _HALVES, 2), _VECTOR)
            if array.dtype == types.uint16:
                words = builder.zext(_load(builder, pointer, _WORDS, 2), _INTS)
                return builder.fmul(builder.sitofp(words, _VECTOR), _constant(1 / SHARE_STEPS), flags=_FLAGS)
            return _load(builder, pointer, _VECTOR, 4)

        return signature, generate

    @intrinsic
    def store8(typing: Any, array: Any, index: Any, value: Any) -> Any:
        signature = types.void(array, index, value)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            if array.dtype == types.int16:
                bounded = _minimum(builder, _maximum(builder, args[2], _constant(-HALF_LIMIT)), _constant(HALF_LIMIT))
                _store(builder, pointer, builder.fptrunc(bounded, _HALVES), 2)
            else:
                _store(builder, pointer, args[2], 4)
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def store_share8(typing: Any, array: Any, index: Any, value: Any, rounding: Any) -> Any:
        signature = types.void(array, index, value, rounding)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            if array.dtype == types.uint16:
                steps = builder.fadd(builder.fmul(args[2], _constant(SHARE_STEPS), flags=_FLAGS), args[3], flags=_FLAGS)
                steps = _minimum(builder, steps, _constant(SHARE_STEPS))
                _store(builder, pointer, builder.trunc(builder.fptosi(steps, _INTS), _WORDS), 2)
            else:
                _store(builder, pointer, args[2], 4)
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def splat8(typing: Any, value: Any) -> Any:
        signature = float32x8(types.float32)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _splat(builder, args[0], _VECTOR)

        return signature, generate

    @intrinsic
    def max8(typing: Any, a: Any, b: Any) -> Any:
        return float32x8(a, b), lambda context, builder, sig, args: _maximum(builder, args[0], args[1])

    @intrinsic
    def where_positive8(typing: Any, test: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(">", args[0], _constant(0.0)), args[1], args[2])

        return float32x8(test, a, b), generate

    @intrinsic
    def positive_bits8(typing: Any, a: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.bitcast(builder.fcmp_ordered(">", args[0], _constant(0.0)), ir.IntType(8))

        return types.uint8(a), generate

    @intrinsic
    def pack8(typing: Any, table: Any, index: Any, base: Any, out: Any, at: Any) -> Any:
        signature = types.void(table, index, base, out, at)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            places = _load(builder, _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1]), _INTS, 4)
            base = _splat(builder, context.cast(builder, args[2], sig.args[2], types.int32), _INTS)
            pointer = _pointer(context, builder, sig.args[3], args[3], args[4], sig.args[4])
            _store(builder, pointer, builder.add(places, base), 4)
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def transpose_in8(typing: Any, rows: Any, starts: Any, column: Any, lanes: Any) -> Any:
        signature = types.void(rows, starts, column, lanes)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            column = context.cast(builder, args[2], sig.args[2], types.int64)
            starts = _row_starts(context, builder, sig.args[1], args[1])
            places = [builder.gep(data, [builder.add(start, column)]) for start in starts]
            vectors = [_load(builder, place, _VECTOR, 4) for place in places]
            out = context.make_array(sig.args[3])(context, builder, args[3]).data
            for lane, vector in enumerate(_transposed(builder, vectors)):
                at = builder.shl(builder.add(column, ir.Constant(_INT64, lane)), ir.Constant(_INT64, 3))
                _store(builder, builder.gep(out, [at]), vector, 4)
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def store_columns8(
        typing: Any, rows: Any, starts: Any, column: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any
    ) -> Any:
        signature = types.void(rows, starts, column, a, b, c, d, e, f, g, h)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            starts = _row_starts(context, builder, sig.args[1], args[1])
            column = context.cast(builder, args[2], sig.args[2], types.int64)
            for start, vector in zip(starts, _transposed(builder, list(args[3:])), strict=True):
                _store(builder, builder.gep(data, [builder.add(start, column)]), vector, 4)
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def gather8(typing: Any, array: Any, at: Any, places: Any, first: Any) -> Any:
        signature = float32x8(array, at, places, first)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            base = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            words = _load(builder, _pointer(context, builder, sig.args[2], args[2], args[3], sig.args[3]), _WORDS, 2)
            longs, pointers = ir.VectorType(_INT64, LANES), ir.VectorType(_FLOAT.as_pointer(), LANES)
            size = ir.Constant(longs, [np.float32().itemsize] * LANES)
            offsets = builder.mul(builder.zext(words, longs), size)
            bases = _splat(builder, builder.ptrtoint(base, _INT64), longs)
            sources = builder.inttoptr(builder.add(bases, offsets), pointers)
            every = ir.VectorType(_BIT, LANES)
            kind = ir.FunctionType(_VECTOR, [pointers, _INT32, every, _VECTOR])
            name = "llvm.masked.gather.v8f32.v8p0"
            gather = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            align, unread = ir.Constant(_INT32, np.float32().itemsize), ir.Constant(_VECTOR, ir.Undefined)
            return builder.call(gather, [sources, align, ir.Constant(every, [1] * LANES), unread])

        return signature, generate

    @intrinsic
    def prefetch(typing: Any, array: Any, index: Any) -> Any:
        signature = types.void(array, index)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            place = builder.bitcast(pointer, ir.IntType(8).as_pointer())
            flags = [ir.Constant(_INT32, flag) for flag in (0, 2, 1)]  # to read, second-level cache, data
            kind = ir.FunctionType(ir.VoidType(), [place.type, *(flag.type for flag in flags)])
            name = "llvm.prefetch.p0"
            function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            builder.call(function, [place, *flags])
            return context.get_dummy_value()

        return signature, generate

    @intrinsic
    def take_ticket(typing: Any, counter: Any, index: Any) -> Any:
        signature = types.int64(counter, index)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, sig.args[0], args[0], args[1], sig.args[1])
            return builder.atomic_rmw("add", pointer, ir.Constant(_INT64, 1), "seq_cst")

        return signature, generate

    return {name: value for name, value in locals().items() if not name.startswith("_")}


def _row_starts(context: Any, builder: Any, array_type: Any, array: Any) -> list[Any]:
    data = context.make_array(array_type)(context, builder, array).data
    return [builder.load(builder.gep(data, [ir.Constant(_INT64, lane)])) for lane in range(LANES)]


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Eight vectors as an 8 x 8 matrix, transposed in three rounds of shuffles."""

    def shuffle(a: Any, b: Any, order: list[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(_INTS, order))

    low, high = [0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]
    pairs = [shuffle(rows[i], rows[i + 1], order) for i in range(0, 8, 2) for order in (low, high)]
    quads: list[Any] = []
    for half in (0, 4):
        first_low, first_high, second_low, second_high = pairs[half : half + 4]
        for a, b in ((first_low, second_low), (first_high, second_high)):
            quads += [shuffle(a, b, [0, 1, 8, 9, 4, 5, 12, 13]), shuffle(a, b, [2, 3, 10, 11, 6, 7, 14, 15])]
    return [
        shuffle(quads[i], quads[i + 4], order)
        for order in ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15])
        for i in range(4)
    ]


def _binary(name: str) -> Any:
    @intrinsic
    def operation(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return getattr(builder, name)(args[0], args[1], flags=_FLAGS)

        return float32x8(a, b), generate

    return operation


def _register_operator(python_operator: Any, name: str) -> None:
    operation = _binary(name)

    # Numba compares the names and annotations of both functions.
    @overload(python_operator)
    def _overload(a, b):  # pyright: ignore[reportUnusedFunction, reportMissingParameterType]
        if isinstance(a, Float32x8) and isinstance(b, Float32x8):
            return lambda a, b: operation(a, b)  # noqa: PLW0108
        return None


def _checked(array: Any, index: int) -> Any:
    """Eight numbers of an array; compiled code would read beyond its ends."""
    if not 0 <= index <= len(array) - LANES:
        raise IndexError(f"eight numbers from {index} on, of {len(array)}")
    return array[index : index + LANES]


def _plain_load8(array: Any, index: int) -> Any:
    part = _checked(array, index)
    if array.dtype == np.int16:
        return part.view(np.float16).astype(np.float32)
    if array.dtype == np.uint16:
        return part.astype(np.float32) * np.float32(1 / SHARE_STEPS)
    return part.copy()


def _plain_store8(array: Any, index: int, value: Any) -> None:
    if array.dtype == np.int16:
        value = np.clip(value, -HALF_LIMIT, HALF_LIMIT).astype(np.float16).view(np.int16)
    _checked(array, index)[:] = value


def _plain_store_share8(array: Any, index: int, value: Any, rounding: Any) -> None:
    if array.dtype == np.uint16:
        value = np.minimum(value * np.float32(SHARE_STEPS) + rounding, SHARE_STEPS).astype(np.uint16)
    _checked(array, index)[:] = value


def _plain_transpose_in8(rows: Any, starts: Any, column: int, lanes: Any) -> None:
    block = np.array([_checked(rows, start + column) for start in starts[:LANES]])
    lanes[column * LANES : (column + LANES) * LANES] = block.T.ravel()


def _plain_store_columns8(rows: Any, starts: Any, column: int, *vectors: Any) -> None:
    for start, row in zip(starts[:LANES], np.array(vectors).T, strict=True):
        _checked(rows, start + column)[:] = row


def _plain_pack8(table: Any, index: int, base: int, out: Any, at: int) -> None:
    _checked(out, at)[:] = _checked(table, index) + base


def _plain_take_ticket(counter: Any, index: int) -> int:
    ticket = int(counter[index])
    counter[index] += 1
    return ticket


_PLAIN: dict[str, Any] = {
    "load8": _plain_load8,
    "store8": _plain_store8,
    "store_share8": _plain_store_share8,
    "splat8": lambda value: np.full(LANES, value, np.float32),
    "max8": np.maximum,
    "where_positive8": lambda test, a, b: np.where(test > 0, a, b),
    "positive_bits8": lambda a: np.packbits(a > 0, bitorder="little")[0],
    "pack8": _plain_pack8,
    "transpose_in8": _plain_transpose_in8,
    "store_columns8": _plain_store_columns8,
    "gather8": lambda array, at, places, first: array[at + _checked(places, first).astype(np.int64)],
    "take_ticket": _plain_take_ticket,
    "prefetch": lambda array, index: None,
}

_JIT = not getattr(config, "DISABLE_JIT", 0)
if _JIT:
    for _operator, _name in (
        (operator.add, "fadd"),
        (operator.sub, "fsub"),
        (operator.mul, "fmul"),
        (operator.truediv, "fdiv"),
    ):
        _register_operator(_operator, _name)

_chosen = _intrinsics() if _JIT else _PLAIN
load8 = _chosen["load8"]
"""Eight numbers from a flat array at an index."""
store8 = _chosen["store8"]
"""Writes eight numbers at an index; half-precision clamps to +-``HALF_LIMIT``."""
store_share8 = _chosen["store_share8"]
"""Writes eight shares in [0, 1]; ``rounding`` (a vector of values in [0, 1)) is added before uint16 truncates."""
splat8 = _chosen["splat8"]
"""One float32 in all lanes."""
max8 = _chosen["max8"]
where_positive8 = _chosen["where_positive8"]
"""``a`` in the lanes where ``test > 0``, else ``b``."""
positive_bits8 = _chosen["positive_bits8"]
"""A byte: bit k is set where lane k is > 0."""
pack8 = _chosen["pack8"]
"""``out[at + k] = table[index + k] + base`` for k in 0..7, int32."""
transpose_in8 = _chosen["transpose_in8"]
"""``lanes[(column + i) * 8 + k] = rows[starts[k] + column + i]`` for i, k in 0..7."""
store_columns8 = _chosen["store_columns8"]
"""``rows[starts[k] + column + i] = vector_i[k]`` for i, k in 0..7: eight vectors become columns of eight rows."""
gather8 = _chosen["gather8"]
"""``array[at + places[first + k]]`` for k in 0..7; places are uint16."""
take_ticket = _chosen["take_ticket"]
"""Adds one to ``counter[index]`` atomically and gives the value before."""
prefetch = _chosen["prefetch"]
"""Asks for the cache line of ``array[index]``; a place beyond the array does no harm."""
