/** The page's whole style: one column on a phone, two figures side by side on a desk, dark where the reader asks for it. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1f2937; --soft: #5b6675; --page: #f5f6f8; --card: #ffffff; --line: #dfe3e8; --accent: #3b78c3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --soft: #9aa6b5; --page: #12161c; --card: #1a2028; --line: #2c3540; --accent: #6ea3e6; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 Inter, 'Helvetica Neue', Arial, 'Liberation Sans', system-ui, sans-serif; }
main, header, footer { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; padding-bottom: 4px; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
header p { margin: 8px 0 0; color: var(--soft); font-size: 1.08rem; max-width: 72ch; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(max(140px, 22%), 1fr)); margin: 26px 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.fact { padding: 14px 20px; border: solid var(--line); border-width: 0 1px 1px 0; margin: 0 -1px -1px 0; }
.fact dt { color: var(--soft); font-size: 0.82rem; }
.fact dd { margin: 2px 0 0; font-size: 1.28rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.fact small { display: block; font-weight: 400; color: var(--soft); font-size: 0.78rem; line-height: 1.35; margin-top: 2px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 20px; grid-auto-flow: dense; }
figure { margin: 0; padding: 20px 22px 18px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; display: flex; flex-direction: column; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
figure h2 { margin: 0 0 12px; font-size: 1.06rem; overflow-wrap: anywhere; }
figure .picture { flex: 1; display: flex; align-items: center; justify-content: center; }
figure svg { display: block; max-width: 100%; height: auto; color: var(--ink); }
figcaption { margin-top: 14px; color: var(--soft); font-size: 0.9rem; max-width: 80ch; }
details, .command { margin: 20px 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
summary { padding: 14px 20px; cursor: pointer; font-weight: 600; }
.command { padding: 14px 20px; }
.command h2 { margin: 0 0 6px; font-size: 1rem; }
pre { margin: 0; overflow: auto; font: 0.84rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
details pre { padding: 16px 20px; border-top: 1px solid var(--line); max-height: 34rem; }
.command pre { white-space: pre-wrap; overflow-wrap: anywhere; }
footer { padding-top: 8px; padding-bottom: 40px; color: var(--soft); font-size: 0.85rem; overflow-wrap: anywhere; }
@media print { body { background: none; } figure, .fact { break-inside: avoid; } }
`;
