import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { unpickle } from './pickle.ts';
import { stateDictWorld } from './torch-tensors.ts';

const read = (text: string) => unpickle(Buffer.from(text, 'latin1'), stateDictWorld).value;

describe('pickle', () => {
  // As Python 3.11 writes them: pickle.dumps(value, 2), and 4 for the last.
  it.each([
    {
      pickled: '\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01X\x01\x00\x00\x00bq\x02M\xe8\x03u.',
      value: new Map([
        ['a', 1],
        ['b', 1000],
      ]),
    },
    {
      pickled: '\x80\x02K\x01J\xfe\xff\xff\xff\x8a\x05\x00\x00\x00\x00\x01\x87q\x00.',
      value: [1, -2, 2 ** 32],
    },
    { pickled: '\x80\x02]q\x00(G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x89e.', value: [1.5, null, true, false] },
    {
      pickled: '\x80\x02K\x01K\x02\x86q\x00h\x00\x86q\x01.',
      value: [
        [1, 2],
        [1, 2],
      ],
    },
    {
      pickled: '\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94)s.',
      value: new Map([['a', []]]),
    },
  ])('$value', ({ pickled, value }) => expect(read(pickled)).toEqual(value));

  it('attributes of an ordered dict are passed over', () => {
    const dict = 'ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00aK\x07u}X\x01\x00\x00\x00mK\x01sb.';
    expect(read(dict)).toEqual(new Map([['a', 7]]));
  });

  it.each([
    { name: 'os.system', pickled: '\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR.' },
    { name: 'builtins.eval', pickled: '\x80\x04\x8c\x08builtins\x8c\x04eval\x93(X\x01\x00\x00\x001tR.' },
    { name: 'torch.nn.modules.conv.Conv1d', pickled: '\x80\x02ctorch.nn.modules.conv\nConv1d\n)\x81.' },
    { name: 'toString.constructor', pickled: '\x80\x02ctoString\nconstructor\n)R.' },
  ])('$name is refused by its name', ({ name, pickled }) => {
    expect(() => read(pickled)).toThrow(
      expect.objectContaining({ code: 'bad-weights', message: expect.stringContaining(name) }),
    );
  });

  it.each([
    { what: 'an opcode beyond a state dict', pickled: '\x80\x02(i__main__\nX\n.', says: /opcode 0x69/ },
    {
      what: 'a call of what is no function',
      pickled: '\x80\x02ctorch\nFloatStorage\n)R.',
      says: /no function/,
    },
    { what: 'attributes of a list', pickled: '\x80\x02]}b.', says: /no dict/ },
    { what: 'nothing to take', pickled: '\x80\x02.', says: /not there/ },
    { what: 'no end', pickled: '\x80\x02K\x01', says: /3 bytes|4 bytes/ },
  ])('$what is refused', ({ pickled, says }) => expect(() => read(pickled)).toThrow(says));

  it('anything else ends in a typed error or a value, and soon', () => {
    const opcodes = fc.constantFrom(
      ...'\x80\x95(0N\x88\x89JKM\x8aGX\x8c}])\x85\x86\x87tsuaeqr\x94hjc\x93QRb.',
    );
    const tokens = fc.array(fc.oneof(opcodes, fc.constantFrom('\x00', '\x01', '\x02', '\n')), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(tokens, (parts) => {
        try {
          read(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});
