import { CodecError } from '../core/errors.ts';

/**
 * What a pickle may refer to. Nothing is ever looked up, imported or called but these.
 * `globals` maps `module name` to a function that REDUCE applies, or to a value.
 */
export interface PickleWorld {
  readonly globals: ReadonlyMap<string, unknown>;
  /** Resolves a persistent id (opcode BINPERSID). */
  readonly persistent: (id: unknown) => unknown;
}

type Construct = (...args: unknown[]) => unknown;

/** Dicts become Maps, lists and tuples arrays, long integers beyond 2^53 bigints. */
export interface Unpickled {
  readonly value: unknown;
  /** Where the pickle ends: after its STOP. */
  readonly end: number;
}

const MARK = Symbol('mark');

/**
 * Reads one pickle (protocols 2 to 5, the opcodes that torch.save writes for a state dict). It builds values and runs
 * nothing: a global outside `world.globals` or an opcode outside the list throws `bad-weights` that names it.
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld, start = 0): Unpickled {
  return new Unpickler(bytes, world, start).run();
}

class Unpickler {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly world: PickleWorld;
  private at: number;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, world: PickleWorld, start: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.world = world;
    this.at = start;
  }

  run(): Unpickled {
    for (;;) {
      const opcode = this.uint(1);
      if (opcode === 0x2e) return { value: this.pop(), end: this.at };
      const action = OPCODES[opcode];
      if (!action) {
        throw malformed(`opcode 0x${opcode.toString(16)} at byte ${this.at - 1}`, 'those of a state dict');
      }
      action(this);
    }
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0 || this.top() === MARK)
      throw malformed('a pickle that takes what is not there');
    return this.stack.pop();
  }

  top(): unknown {
    return this.stack.at(-1);
  }

  /** Everything above the last mark, which goes too. */
  popToMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw malformed('a pickle that takes what is not there');
    const items = this.stack.splice(mark + 1);
    this.stack.pop();
    return items;
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  remember(key = this.memo.size): void {
    this.memo.set(key, this.top());
  }

  recall(key: number): unknown {
    if (!this.memo.has(key)) throw malformed('a pickle that recalls what it never kept');
    return this.memo.get(key);
  }

  take(size: number): Uint8Array {
    if (size > this.bytes.length - this.at)
      throw malformed(`only ${this.bytes.length} bytes`, 'more of them');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** Little-endian, up to 6 bytes. */
  uint(width: number): number {
    return this.take(width).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  int32(): number {
    return this.uint(4) | 0;
  }

  /** Little-endian two's complement of any width. */
  long(width: number): number | bigint {
    const raw = this.take(width);
    let value = 0n;
    for (const byte of raw.toReversed()) value = (value << 8n) | BigInt(byte);
    if (width > 0 && raw[width - 1]! >= 0x80) value -= 1n << BigInt(8 * width);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  float64(): number {
    this.take(8);
    return this.view.getFloat64(this.at - 8, false);
  }

  text(size: number): string {
    return new TextDecoder().decode(this.take(size));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw malformed('a name without an end');
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  global(module: unknown, name: unknown): unknown {
    const key = `${module} ${name}`;
    if (this.world.globals.has(key)) return this.world.globals.get(key);
    throw malformed(
      `the global ${module}.${name}`,
      [...this.world.globals.keys()].join(', ').replaceAll(' ', '.').replaceAll(',.', ', '),
    );
  }

  persistent(id: unknown): unknown {
    return this.world.persistent(id);
  }

  reduce(callable: unknown, args: unknown): void {
    if (typeof callable !== 'function' || !Array.isArray(args))
      throw malformed('a call of what is no function');
    this.push((callable as Construct)(...args));
  }

  /** Puts key, value pairs into the Map on top. */
  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw malformed('pairs put into what is no dict');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  appendItems(items: readonly unknown[]): void {
    const target = this.top();
    if (!Array.isArray(target)) throw malformed('items put into what is no list');
    for (const item of items) target.push(item);
  }

  /** Attributes of a dict, such as a state dict's `_metadata`, are of no use here; nothing else may have any. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw malformed('attributes set on what is no dict');
  }
}

/** By opcode; names are those of CPython's Lib/pickletools.py. STOP ends the run. */
const OPCODES: Readonly<Record<number, (p: Unpickler) => void>> = {
  128: (p) => void p.uint(1), // PROTO
  149: (p) => void p.take(8), // FRAME
  40: (p) => p.push(MARK), // MARK
  48: (p) => void p.pop(), // POP
  78: (p) => p.push(null), // NONE
  136: (p) => p.push(true), // NEWTRUE
  137: (p) => p.push(false), // NEWFALSE
  74: (p) => p.push(p.int32()), // BININT
  75: (p) => p.push(p.uint(1)), // BININT1
  77: (p) => p.push(p.uint(2)), // BININT2
  138: (p) => p.push(p.long(p.uint(1))), // LONG1
  71: (p) => p.push(p.float64()), // BINFLOAT
  88: (p) => p.push(p.text(p.uint(4))), // BINUNICODE
  140: (p) => p.push(p.text(p.uint(1))), // SHORT_BINUNICODE
  125: (p) => p.push(new Map()), // EMPTY_DICT
  93: (p) => p.push([]), // EMPTY_LIST
  41: (p) => p.push([]), // EMPTY_TUPLE
  133: (p) => p.push(p.popMany(1)), // TUPLE1
  134: (p) => p.push(p.popMany(2)), // TUPLE2
  135: (p) => p.push(p.popMany(3)), // TUPLE3
  116: (p) => p.push(p.popToMark()), // TUPLE
  115: (p) => p.setItems(p.popMany(2)), // SETITEM
  117: (p) => p.setItems(p.popToMark()), // SETITEMS
  97: (p) => p.appendItems(p.popMany(1)), // APPEND
  101: (p) => p.appendItems(p.popToMark()), // APPENDS
  113: (p) => p.remember(p.uint(1)), // BINPUT
  114: (p) => p.remember(p.uint(4)), // LONG_BINPUT
  148: (p) => p.remember(), // MEMOIZE
  104: (p) => p.push(p.recall(p.uint(1))), // BINGET
  106: (p) => p.push(p.recall(p.uint(4))), // LONG_BINGET
  99: (p) => p.push(p.global(p.line(), p.line())), // GLOBAL
  147: (p) => p.push(p.global(...(p.popMany(2) as [unknown, unknown]))), // STACK_GLOBAL
  81: (p) => p.push(p.persistent(p.pop())), // BINPERSID
  82: (p) => p.reduce(...(p.popMany(2) as [unknown, unknown])), // REDUCE
  98: (p) => p.build(), // BUILD
};

function malformed(found: string, expected = 'a pickled state dict'): CodecError {
  return new CodecError('bad-weights', {
    what: 'cannot read the checkpoint',
    found,
    expected,
    remedy: 'Save the plain state dict (torch.save(model.state_dict(), …)), or use a .safetensors file.',
  });
}
