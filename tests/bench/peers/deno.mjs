// Deno starts module workers from absolute URLs only: deno run -A THIS PROGRAM (in the program's folder).
const base = `file://${Deno.cwd()}/`;
const Native = globalThis.Worker;
globalThis.Worker = class extends Native {
  constructor(url) { super(new URL(url, base), { type: 'module' }); }
};
await import(new URL(Deno.args[0], base));
