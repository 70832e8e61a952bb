// A small decoder-only transformer over several streams of ids, written in TensorFlow.js ops, trained and run by the package's
// engine. The streams' embeddings are summed; each stream has an output layer of its own (as in MusicGen).
import * as tf from '@tensorflow/tfjs-core';
import { createEngine, float32, freshState, int32, loadGradients, Optimised, Rng } from 'neural-codec';

const HEADS = 4;

/** @param shape { streams, vocabulary, context, width, layers }: ids are below `vocabulary`, `context` positions are seen at once */
export async function createTransformer(shape, { batch, seed = 1, threads } = {}) {
  const weights = freshWeights(shape, new Rng(seed));
  const engine = await createEngine('onnx', threads ? { threads } : {});
  await loadGradients();
  const { streams, vocabulary, context } = shape;
  const trained = await Optimised.create(
    engine,
    freshState(weights, 0),
    { beta1: 0.9, beta2: 0.99, clip: 1, averageDecay: 0 },
    (io) => {
      const logits = forward(io, shape, weights, batch);
      const targets = io.input('targets', [batch, context, streams], 'int32');
      const mask = io.input('mask', [batch, context, streams]);
      const chosen = tf.sum(tf.mul(tf.oneHot(targets, vocabulary), logits), -1);
      const loss = tf.mul(tf.sub(tf.logSumExp(logits, -1), chosen), mask);
      return tf.div(tf.sum(loss), tf.sum(mask));
    },
  );
  const inference = await engine.compile((io) => io.output('logits', forward(io, shape, weights, 1)));
  let steps = 0;
  return {
    /** One step on [batch, context, streams] ids, what follows them, and 1 where that counts. Gives the loss in nats. */
    async train(ids, targets, mask, learningRate) {
      const dims = [batch, context, streams];
      const inputs = { ids: int32(dims, ids), targets: int32(dims, targets), mask: float32(dims, mask) };
      return (await trained.step(++steps, learningRate, inputs)).total.data[0];
    },
    /** ids [context, streams] -> logits [context, streams, vocabulary] of what follows each */
    async predict(ids) {
      const feed = { ...trained.values(), ids: int32([1, context, streams], ids) };
      return (await inference.run((name) => feed[name])).logits.data;
    },
    parameters: [...weights.values()].reduce((sum, { data }) => sum + data.length, 0),
  };
}

function freshWeights({ streams, vocabulary, context, width, layers }, rng) {
  const weights = new Map();
  const add = (name, dims, scale) =>
    weights.set(
      name,
      float32(
        dims,
        Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * rng.normal()),
      ),
    );
  const one = (name) => weights.set(name, float32([width], new Float32Array(width).fill(1)));
  for (let s = 0; s < streams; s++) add(`embed${s}`, [vocabulary, width], 0.05);
  add('positions', [context, width], 0.05);
  for (let l = 0; l < layers; l++) {
    one(`norm${l}a`);
    one(`norm${l}b`);
    add(`attend${l}`, [width, 3 * width], width ** -0.5);
    add(`merge${l}`, [width, width], width ** -0.5 / layers);
    add(`widen${l}`, [width, 4 * width], width ** -0.5);
    add(`narrow${l}`, [4 * width, width], (4 * width) ** -0.5 / layers);
  }
  one('norm');
  add('predict', [width, streams * vocabulary], 0.02);
  return weights;
}

/** Logits [batch, context, streams, vocabulary]. */
function forward(io, { streams, vocabulary, context, width, layers }, weights, batch) {
  const weight = (name) => io.input(`param:${name}`, weights.get(name).shape);
  const ids = io.input('ids', [batch, context, streams], 'int32');
  const rows = batch * context;
  const embedded = Array.from({ length: streams }, (_, s) =>
    tf.gather(weight(`embed${s}`), tf.reshape(tf.slice(ids, [0, 0, s], [batch, context, 1]), [rows])),
  );
  let x = tf.add(tf.reshape(tf.addN(embedded), [batch, context, width]), weight('positions'));
  x = tf.reshape(x, [rows, width]);
  // -1e9 where a position would look at a later one.
  const future = tf.tensor2d(
    Float32Array.from({ length: context * context }, (_, i) =>
      i % context > Math.floor(i / context) ? -1e9 : 0,
    ),
    [context, context],
  );
  for (let l = 0; l < layers; l++) {
    const heads = tf.reshape(tf.matMul(norm(x, weight(`norm${l}a`)), weight(`attend${l}`)), [
      batch,
      context,
      3,
      HEADS,
      width / HEADS,
    ]);
    const [q, k, v] = [0, 1, 2].map((i) =>
      tf.transpose(
        tf.reshape(tf.slice(heads, [0, 0, i, 0, 0], [batch, context, 1, HEADS, width / HEADS]), [
          batch,
          context,
          HEADS,
          width / HEADS,
        ]),
        [0, 2, 1, 3],
      ),
    );
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), (width / HEADS) ** -0.5), future);
    const seen = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]), [rows, width]);
    x = tf.add(x, tf.matMul(seen, weight(`merge${l}`)));
    x = tf.add(
      x,
      tf.matMul(tf.relu(tf.matMul(norm(x, weight(`norm${l}b`)), weight(`widen${l}`))), weight(`narrow${l}`)),
    );
  }
  return tf.reshape(tf.matMul(norm(x, weight('norm')), weight('predict')), [
    batch,
    context,
    streams,
    vocabulary,
  ]);
}

/** Root-mean-square normalisation. */
function norm(x, gain) {
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-6))), gain);
}
