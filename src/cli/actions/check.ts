/** `pushforward check`: the laws, run on a module of one's own. */
import { definitionsOf } from '../../core/definition.ts';
import { sentence, toFailure } from '../../core/errors.ts';
import { definitionLaws, distLaws, type Verdict, verdict } from '../../laws/index.ts';
import { type ModelEntry, modelsOf, readDist } from '../../models/index.ts';
import { EXIT, misuse } from '../failures.ts';
import type { Action } from '../kit.ts';
import { loadModule } from '../modules.ts';
import { paint } from '../style.ts';

/** A model is built for vectors, and comes back from JSON; one with a density keeps the laws of distributions. */
const modelLaws = (model: ModelEntry, modules: readonly object[]): readonly Verdict[] => {
  try {
    const dist = model.build({ shape: [2] });
    const read = readDist(JSON.parse(JSON.stringify(dist.spec)), modules);
    const said = read._tag === 'Left' ? sentence(read.left) : '';
    return [
      verdict('it comes back from JSON', read._tag === 'Left' ? 1 : 0, 0, said),
      ...(dist.evidence === 'exact' ? distLaws(dist, { count: 512, quadrature: 1e-3 }) : []),
    ];
  } catch (e) {
    return [verdict('it is built for events of shape [2]', 1, 0, sentence(toFailure('ArgumentError')(e)))];
  }
};

/** Runs the laws on everything that a module exports. */
export const checkModule: Action = async (call) => {
  const path = call.args[0] ?? '';
  const module = await loadModule(path);
  const parts = [
    ...definitionsOf(module).map((d) => ({ name: `${d.kind.name} ${d.type}`, laws: definitionLaws(d, [module]) })),
    ...Object.values(modelsOf(module)).map((m) => ({ name: `model ${m.name}`, laws: modelLaws(m, [module]) })),
  ];
  if (parts.length === 0)
    return misuse('module', `${path} exports nothing that can be checked`, {
      expected: 'constructors made by define, or models made by defineModel',
    });
  const broken = parts.flatMap(({ laws }) => laws).filter((v) => !v.holds).length;
  if (call.json) call.io.out(`${JSON.stringify({ module: path, broken, parts }, null, 2)}\n`);
  else {
    const on = call.io.colour.out;
    for (const { name, laws } of parts) {
      const bad = laws.filter((v) => !v.holds);
      call.io.out(
        `${bad.length === 0 ? paint(on, 'green', '✓') : paint(on, 'red', '✗')} ${paint(on, 'bold', name)}: ${laws.length} laws${bad.length === 0 ? '' : `, ${bad.length} broken`}\n`,
      );
      for (const { law, worst, tolerance, detail } of bad)
        call.io.out(`    ${law}${detail === '' ? `: ${worst} > ${tolerance}` : `: ${detail}`}\n`);
    }
  }
  return broken === 0 ? EXIT.ok : 1;
};
