/** Where an engine can compute. */
export const devices = {
  cpu: 'the processor',
  webgpu: 'a graphics card, by WebGPU over Vulkan, Direct3D 12 or Metal',
  cuda: 'an NVIDIA card, by CUDA',
} as const;

export type DeviceName = keyof typeof devices;

export const deviceNames = Object.keys(devices) as DeviceName[];
