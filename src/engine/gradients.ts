/**
 * Makes TensorFlow.js' gradients available (tf.grads and the like). Its core package leaves them out; the bundle that
 * registers them takes a quarter of a second to load, so only training asks for it.
 */
export async function loadGradients(): Promise<void> {
  await import('@tensorflow/tfjs');
}
