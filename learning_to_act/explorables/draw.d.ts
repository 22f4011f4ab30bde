/* What the explorables are given by draw.js, for the check of types: a point is [x, y], a scale has a range and an inverse.
   The modules themselves carry no types, since each travels whole in every notebook that shows it. */
type Point = number[];
type Scale = ((x: number) => number) & { invert(y: number): number; domain: number[]; range: number[] };
type Attributes = Record<string, any>;

export function clamp(x: number, ...limits: number[]): number;
export function range(n: number): number[];
export function sum(xs: number[]): number;
export function dot(xs: number[], ys: number[]): number;
export function round(x: number, step: number): number;
export function percent(x: number): string;
export function fmt(x: number, digits?: number): string;
export function raised(n: number | string): string;
export function softmax(logits: number[]): number[];
export function random(seed: number): () => number;
export function choose(probs: number[], u: number): number;
export function scale(domain: Point, range: Point): Scale;
export function html(tag: string, attrs?: Attributes, ...children: any[]): any;
export function svg(tag: string, attrs?: Attributes, ...children: any[]): any;
export function put(el: any, attrs: Attributes): any;
export function add(el: any, ...children: any[]): any;
export function redo(el: any, ...children: any[]): any;
export function text(x: number, y: number, words: any, attrs?: Attributes): SVGElement;
export function path(points: Point[]): string;
export function arrow(...points: any[]): string;                   // from, to, and the head's length
export function unique(name: string): string;
export function hatch(g: Element, colour: string): string;
export function tex(markup: any, ...values: any[]): any;
export function still(): boolean;
export function readAddress(hash: string, name: string, defaults: Attributes): Attributes | null;
export function writeAddress(hash: string, name: string, state: Attributes, defaults: Attributes): string;
export function explorable(parts: {
  name: string; settings: string[]; challenge: string | ((state: any) => string[]);
  repair?(state: any): any; build(ui: any): (state: any) => void;
}): { render(about: { model: any; el: HTMLElement }): () => void };
export function stepKey(name: string, big: boolean, value: number,
  limits: { min: number; max: number; step: number; page?: number }): number | undefined;
export function axes(plot: any, about: {
  x: any; y: any; xticks?: number[]; yticks?: number[]; xlabel?: string; ylabel?: string;
  xshow?(v: number): string; yshow?(v: number): string;
}): void;
export function animate(seconds: number, frame: (share: number) => void, done: () => void, ui: any): () => void;
