declare module 'wav-decoder' {
  interface AudioData {
    readonly sampleRate: number;
    readonly numberOfChannels: number;
    readonly length: number;
    readonly channelData: Float32Array[];
  }
  interface Decode {
    (bytes: ArrayBuffer, options?: { symmetric?: boolean }): Promise<AudioData>;
    sync(bytes: ArrayBuffer, options?: { symmetric?: boolean }): AudioData;
  }
  const wavDecoder: { decode: Decode };
  export default wavDecoder;
}
