// One Markdown page per machine, made from the machine itself, so that it cannot be wrong.
import { answersOf, type IntentSpec, type IntentTable } from '../machines/intent.ts';
import { machines, type MachineName } from '../machines/index.ts';
import { anyState, eventsOf, graphOf, toMermaid, type MachineGraph } from '../src/core/graph.ts';
import { code, codes, table } from './table.ts';

/** Which actors run it. */
const introductions: Readonly<Record<MachineName, string>> = {
  'disk-path': 'Actors: `path/<disk>/<index>`, one on every node for every path of every disk.',
  disk: 'Actors: `disk/<disk>`, one on every node for every disk. Its paths on the node ask it for image and target.',
  node: 'Actor: `node`, one on every node.',
  exclusion: 'Actors: `exclusion/<session>`, one on every node for every session that was lost while it held a path.',
};

export function machinePage(name: MachineName): string {
  const { machine, version, intents } = machines[name];
  const graph = graphOf(machine);
  const parts = [
    `# Machine: ${name}`,
    `<!-- Generated from machines/${name} by \`npm run docs\`. Do not edit. -->`,
    `${graph.description} ${introductions[name]}`,
    `Records name it \`${name}@${version}\`. [How to read this page](README.md)`,
    `## Diagram\n\n\`\`\`mermaid\n${toMermaid(graph)}\`\`\``,
    `## States\n\n${statesTable(graph)}`,
    `## Events\n\n${eventTables(graph)}`,
    `## Intents\n\n${intentsTable(intents)}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function statesTable(graph: MachineGraph): string {
  const rows = graph.nodes
    .filter(({ id }) => id !== anyState)
    .map(({ id, description, tags, entry, exit }) => [code(id), description, codes(tags), codes(entry), codes(exit)]);
  return table(['state', 'description', 'tags', 'asks for on entry', 'and when left'], rows);
}

function eventTables(graph: MachineGraph): string {
  return eventsOf(graph)
    .filter(({ events }) => events.length > 0)
    .map(({ state, events }) => {
      const seen = new Set<string>();
      const rows = events.map(({ event, guard, target, intents }) => {
        const condition = guard ?? (seen.has(event) ? 'otherwise' : '');
        seen.add(event);
        const name = event === 'always' ? '(at once)' : code(event);
        return [name, condition, target === null ? 'stays' : code(target), codes(intents)];
      });
      const title = state === anyState ? 'in every state' : code(state);
      return `### ${title}\n\n${table(['event', 'if', 'goes to', 'asks for'], rows)}`;
    })
    .join('\n\n');
}

function intentsTable(intents: IntentTable): string {
  const rows = Object.entries(intents).map(([type, spec]) => [
    code(type),
    spec.about,
    answerText(type, spec),
    spec.lane === null ? '–' : code(spec.lane),
    yes(spec.serves),
    yes(spec.abortable),
  ]);
  return table(['intent', 'what it does', 'answered by', 'lane', 'starts to serve', 'may be killed'], rows);
}

function answerText(type: string, spec: IntentSpec): string {
  if (spec.answer.by === 'nobody') return 'nobody';
  if (spec.answer.by === 'clock') return '`<name>.due`';
  const answers = codes(answersOf({ type, params: {} }, spec));
  return spec.answer.by === 'recipient' ? `telling another actor ${answers}` : answers;
}

const yes = (value: boolean): string => (value ? 'yes' : '');
