import * as tf from '@tensorflow/tfjs-core';

/**
 * x with `before` and `after` frames from inside it, nearest last, laid before it and after it: reflection, but for
 * the edge frames. Its gradient adds what the copies get to the few frames they were made of.
 * @param x [batch, length, channels], longer than `before` and `after`
 */
export function reflected(x: tf.Tensor3D, before: number, after: number): tf.Tensor3D {
  const [batch, length, channels] = x.shape;
  const span = (t: tf.Tensor3D, from: number, count: number) =>
    tf.slice(t, [0, from, 0], [batch, count, channels]);
  const custom = tf.customGrad((t) => ({
    value: joined([
      before > 0 ? tf.reverse(span(t as tf.Tensor3D, 1, before), 1) : undefined,
      t as tf.Tensor3D,
      after > 0 ? tf.reverse(span(t as tf.Tensor3D, length - 1 - after, after), 1) : undefined,
    ]),
    gradFunc: (dy: tf.Tensor) => {
      const d = dy as tf.Tensor3D;
      // Frames 1 .. before got a copy in front, the last but one and those before it one behind.
      const head = before > 0 ? tf.reverse(span(d, 0, before), 1) : undefined;
      const tail = after > 0 ? tf.reverse(span(d, before + length, after), 1) : undefined;
      if (before + after + 2 > length) {
        const placed = (part: tf.Tensor3D | undefined, at: number, count: number) =>
          part
            ? tf.pad(part, [
                [0, 0],
                [at, length - at - count],
                [0, 0],
              ])
            : undefined;
        const terms = [
          span(d, before, length),
          placed(head, 1, before),
          placed(tail, length - 1 - after, after),
        ];
        return tf.addN(terms.filter((term) => term !== undefined));
      }
      const inner = length - 2 - before - after;
      return joined([
        span(d, before, 1),
        head && tf.add(span(d, before + 1, before), head),
        inner > 0 ? span(d, 2 * before + 1, inner) : undefined,
        tail && tf.add(span(d, before + length - 1 - after, after), tail),
        span(d, before + length - 1, 1),
      ]);
    },
  }));
  return custom(x) as tf.Tensor3D;
}

function joined(parts: readonly (tf.Tensor | undefined)[]): tf.Tensor3D {
  const present = parts.filter((part) => part !== undefined) as tf.Tensor3D[];
  return present.length > 1 ? (tf.concat(present, 1) as tf.Tensor3D) : (present[0] as tf.Tensor3D);
}
