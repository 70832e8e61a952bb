import type { Scope } from '../core/stages.ts';
import type { CompiledGraph, GraphIo } from '../engine/engine.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { Model } from './model.ts';
import { decoderGraph, encoderGraph } from './model-graphs.ts';

/** Graphs of other lengths than the usual one that are kept: a signal's last segment has any length. */
const KEPT = 6;

/** Graphs that see a segment as a whole, one per length. */
export class SegmentGraphs {
  private readonly model: Model;
  private readonly graphs = new Map<string, Promise<CompiledGraph>>();

  constructor(model: Model) {
    this.model = model;
  }

  /** `x` [1, lengthSamples, channels] -> `codes` [codebooks, frames], frames = ceil(lengthSamples / hopLength) */
  encoder(codebooks: number, lengthSamples: number): Promise<CompiledGraph> {
    return this.kept(
      `encoder ${codebooks} ${lengthSamples}`,
      encoderGraph(this.model.parts, codebooks, lengthSamples),
    );
  }

  /** `codes` [codebooks, frames] -> `y` [1, frames * hopLength, channels] */
  decoder(codebooks: number, frames: number): Promise<CompiledGraph> {
    return this.kept(`decoder ${codebooks} ${frames}`, decoderGraph(this.model.parts, codebooks, frames));
  }

  /** Least recently used graphs give way. */
  private async kept(key: string, build: (io: GraphIo, scope: Scope) => void): Promise<CompiledGraph> {
    const made =
      this.graphs.get(key) ??
      this.model.compile((io, params) => build(io, { params, time: new WholeTimeline() }));
    this.graphs.delete(key);
    this.graphs.set(key, made);
    if (this.graphs.size > KEPT) {
      const [oldest, graph] = this.graphs.entries().next().value!;
      this.graphs.delete(oldest);
      await (await graph).dispose();
    }
    return made;
  }

  async dispose(): Promise<void> {
    for (const made of this.graphs.values()) await (await made).dispose();
    this.graphs.clear();
  }
}
