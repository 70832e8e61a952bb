#!/usr/bin/env python3
"""Trains with the step that `codec train RECIPE --export-step DIR` wrote, in PyTorch, on the processor or an NVIDIA card.

    codec train encodec-24k --set training.batch=32 --export-step step
    training/run_step.py step --data FOLDER --out runs/gpu --steps 100000 --device cuda --precision tf32
    codec train encodec-24k --set training.batch=32 --data FOLDER --out runs/gpu --steps 100000 --resume

The last writes what ships from the last checkpoint; it also goes on with one stopped earlier, as this goes on with one of
`codec train`. Takes PyTorch 1.13 or later, numpy and ffmpeg.
"""
import argparse
import json
import math
import os
import shutil
import signal
import sys
import time

import torch

from steps.graph import Graph
from steps.quantizer import Quantizer
from steps.rng import Rng
from steps.safetensors import read_safetensors, write_safetensors
from steps.segments import Segments
from steps.sound import Batches, load_clips, split_clips


class Run:
    """State, graphs and rules of a run; `step` again and again."""

    def __init__(self, manifest, folder, checkpoint, device, precision):
        self.manifest, self.device = manifest, device
        tensors, self.metadata = read_safetensors(checkpoint)
        self.tensors = {name: torch.from_numpy(value).to(device) for name, value in tensors.items()}
        self.step_count, self.rng = int(self.metadata['step']), Rng(state=json.loads(self.metadata['rng']))
        self.graph = Graph(os.path.join(folder, manifest['step']['file']), device, precision)
        self.forward_graph = Graph(os.path.join(folder, manifest['forward']['file']), device, precision)
        opponent = manifest.get('opponent')
        self.opponent = Graph(os.path.join(folder, opponent['file']), device, precision) if opponent else None
        rules = manifest['rules']
        unknown = set(rules) - {'segments', 'quantizer', 'balancer'}
        if unknown:
            raise SystemExit(f'this step asks for rules that are not known here: {", ".join(unknown)}')
        self.segments = Segments(rules['segments'], device)
        # Without such rules the codebooks are part of the graph and stay as they are.
        self.quantizer = Quantizer(rules['quantizer'], self.segments, self.tensors, device) if 'quantizer' in rules else None

    def state(self, averaged=False):
        values = {entry['input']: self.tensors[entry['tensor']] for entry in self.manifest['state']}
        if averaged:
            prefix = self.manifest['averagePrefix']
            averages = {f'param:{name[len(prefix) + 1:]}': value for name, value in values.items() if name.startswith(f'{prefix}:')}
            values.update(averages)
        return values

    def tensor(self, value):
        return torch.as_tensor(value, dtype=torch.float32).to(self.device)

    def step(self, batches, total_steps):
        start, adam = time.time(), self.manifest['adam']
        step = self.step_count + 1
        x, balance = self.tensor(batches.draw(self.rng)), self.balance(step)

        def probe(inputs):
            return self.forward({**inputs, **balance}, self.tensor(batches.draw(self.rng)))
        share = self.segments.rules['bypassShare']
        if self.quantizer:
            share = self.quantizer.prepare(step, share, probe, self.rng)
        inputs = {**self.segments.feed(self.segments.drawn(self.rng, share)), **self.codebooks()}
        rate = learning_rate(step, total_steps, self.manifest['schedule'])
        scalars = {
            'rate': rate / (1 - adam['beta1'] ** step),
            'correction': 1 - adam['beta2'] ** step,
            'averageShare': 1 - min(adam['averageDecay'], step / (step + adam['averageSettling'])),
        }
        given = {**self.state(), **{name: self.tensor(v) for name, v in scalars.items()}, **inputs, **balance, 'x': x}
        outputs = self.graph(given)
        losses, carried = self.losses(outputs), dict(outputs)
        if self.opponent:
            about = self.manifest['opponent']
            answer = self.opponent({**given, **{name: outputs[name] for name in about['shown']}})
            losses[about['loss']] = float(answer['total'])
            carried.update(answer)
        for entry in self.manifest['state']:
            self.tensors[entry['tensor']] = carried[entry['output']]
        notes = self.quantizer.update(step, outputs, self.rng) if self.quantizer else {}
        self.step_count = step
        return {'step': step, 'losses': losses, 'notes': notes, 'learningRate': rate, 'seconds': time.time() - start}

    def balance(self, step):
        rule = self.manifest['rules'].get('balancer')
        return {rule['share']: self.tensor(max(1 - rule['decay'], 1 / step))} if rule else {}

    def forward(self, inputs, x, averaged=False):
        return self.forward_graph({**self.state(averaged), **inputs, 'x': x})

    def losses(self, outputs):
        return {name: float(outputs[name]) for name in self.manifest['losses'] if name in outputs}

    def codebooks(self):
        return self.quantizer.feed() if self.quantizer else {}

    def conditions(self):
        trained = not (self.quantizer and self.quantizer.empty)
        return {'none': 0, **(self.segments.rules['bitrates'] if trained else {})}

    def validate(self, batches):
        batch_count, result = self.manifest['validation']['batches'], {}
        for condition, used in self.conditions().items():
            inputs = {**self.segments.feed(self.segments.alike(used)), **self.codebooks(), **self.balance(1)}
            rng, sums = Rng(1), {}
            for _ in range(batch_count):
                outputs = self.forward(inputs, self.tensor(batches.draw(rng)), True)
                for name, value in self.losses(outputs).items():
                    sums[name] = sums.get(name, 0) + value / batch_count
            result[condition] = sums
        return result

    def save(self, out):
        tensors = {name: value.float().cpu().numpy() for name, value in self.tensors.items()}
        metadata = {**self.metadata, 'step': str(self.step_count), 'rng': json.dumps(self.rng.state)}
        write_safetensors(os.path.join(out, 'checkpoint.safetensors'), tensors, metadata)


def learning_rate(step, total, schedule):
    peak, warmup, end = schedule['learningRate'], schedule['warmupSteps'], schedule['end']
    if step < warmup:
        return peak * step / warmup
    progress = min(1, (step - warmup) / max(1, total - warmup))
    return peak * (end + (1 - end) * 0.5 * (1 + math.cos(math.pi * progress)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', help='what --export-step wrote')
    parser.add_argument('--data', required=True, help='folder of sound files')
    parser.add_argument('--out', required=True, help='folder of the run; one that holds a checkpoint is gone on with')
    parser.add_argument('--steps', type=int, required=True, help='steps in all')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--precision', choices=['float32', 'tf32', 'bf16'], default='float32', help='of matrix products')
    parser.add_argument('--threads', type=int, help='on the processor')
    parser.add_argument('--log-every', type=int, default=10)
    parser.add_argument('--validate-every', type=int, default=500)
    parser.add_argument('--save-every', type=int, default=250)
    return parser.parse_args()


def check_device(device, precision):
    """Says what is missing before anything is read or computed."""
    if device.startswith('cuda'):
        if not torch.cuda.is_available():
            built = f'this PyTorch ({torch.__version__}) is built for CUDA {torch.version.cuda}, and finds no card: see nvidia-smi'
            without = f'this PyTorch ({torch.__version__}) is built without CUDA: install one with it'
            raise SystemExit(f'--device {device}: {built if torch.version.cuda else without}, or use --device cpu')
        if precision != 'float32' and torch.cuda.get_device_capability(device)[0] < 8:
            name = torch.cuda.get_device_name(device)
            raise SystemExit(f'--precision {precision} needs compute capability 8 or more, {name} has less: use float32')
    elif precision == 'tf32':
        raise SystemExit(f'--precision tf32 is one of NVIDIA cards, not of --device {device}: use float32 or bf16')


def main():
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    check_device(args.device, args.precision)
    with open(os.path.join(args.folder, 'manifest.json'), encoding='utf-8') as file:
        manifest = json.load(file)
    if (manifest['format'], manifest['version']) != ('neural-codec-step', 2):
        raise SystemExit(f'{args.folder} holds a step of another version: export it again')
    os.makedirs(args.out, exist_ok=True)
    started = os.path.join(args.out, 'checkpoint.safetensors')
    if not os.path.exists(started):
        for name in ('checkpoint.safetensors', 'recipe.json'):
            shutil.copy(os.path.join(args.folder, name), os.path.join(args.out, name))
    run = Run(manifest, args.folder, started, torch.device(args.device), args.precision)
    clips = load_clips(args.data, manifest['sampleRateHz'])
    train, held = split_clips(clips, manifest['validation']['share'], Rng(manifest['seed']))
    shape, rate, augment = manifest['batch']['shape'], manifest['sampleRateHz'], manifest['batch']['augment']
    plain = {**augment, 'mixShare': 0, 'speedShare': 0, 'bandShare': 0}
    batches, validation = Batches(train, shape, rate, augment), Batches(held or train, shape, rate, plain)

    stopping = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.append(True))
    with open(os.path.join(args.out, 'log.jsonl'), 'a', encoding='utf-8') as log:
        def write(entry):
            print(json.dumps(entry), file=log, flush=True)
        while run.step_count < args.steps and not stopping:
            report = run.step(batches, args.steps)
            seconds = shape[0] * shape[1] / rate
            if report['step'] % args.log_every == 0 or report['step'] == args.steps:
                write({**report, 'audioSecondsPerSecond': seconds / report['seconds']})
                print(f"step {report['step']}/{args.steps}  loss {report['losses']['total']:.3f}  {report['seconds']:.2f} s", file=sys.stderr)
            if report['step'] % args.validate_every == 0 or report['step'] == args.steps:
                write({'step': report['step'], 'validation': run.validate(validation)})
            if report['step'] % args.save_every == 0:
                run.save(args.out)
    run.save(args.out)
    print(f'{"stopped at" if run.step_count < args.steps else "done:"} step {run.step_count}', file=sys.stderr)


if __name__ == '__main__':
    main()
