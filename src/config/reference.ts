// The reference of all settings, made from the schema, so that it cannot be wrong.
import type { TSchema } from 'typebox';
import { exclusionVariants } from './exclusion.ts';
import { expected, propertiesOf } from './mistakes.ts';
import { ConfigSchema } from './schema.ts';

export interface SettingDescription {
  /** `session.ttlMs` */
  readonly key: string;
  readonly description: string;
  /** What fits, in words. */
  readonly fits: string;
  /** JSON, or words where it depends on other settings; null when there is none. */
  readonly byDefault: string | null;
  /** JSON; null for settings without one. */
  readonly example: string | null;
  readonly tooSmall: string | null;
  readonly tooLarge: string | null;
}

/** Every setting, in the order of the schema. */
export function describeConfig(): readonly SettingDescription[] {
  return describeSection(ConfigSchema, '');
}

/** The Markdown page `docs/reference/config.md`. */
export function configReference(): string {
  const top = Object.entries(propertiesOf(ConfigSchema));
  const sections = top.filter(([, schema]) => 'properties' in schema);
  const single = top.filter(([, schema]) => !('properties' in schema));
  const parts = [
    introduction,
    ...sections.map(([key, schema]) => sectionText(key, schema)),
    `## Top level\n\n${single.map(([key, schema]) => settingText(describe(key, schema))).join('\n\n')}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

const introduction = `# Configuration reference

<!-- Generated from src/config/schema.ts by \`npm run docs\`. Do not edit. -->

One YAML file, given with \`pathwarden agent --config FILE\`. Everything has a default; an empty file is a right one.
\`pathwarden config check FILE\` says all mistakes at once, each with its key, line, reason and an example, and exits
with 2. Unknown keys are mistakes. Times are whole milliseconds, and their names end in \`Ms\`. Secrets never stand in
this file: it names the files that hold them. An annotated sample is in [pathwarden.yaml](../install/pathwarden.yaml).

Some settings must fit each other; the message shows the arithmetic:

| rule | or else |
|---|---|
| \`session.marginMs\` ≤ \`session.ttlMs\` / 2 | the slightest trouble stops all service |
| \`session.renewEveryMs\` ≤ (\`ttlMs\` − \`marginMs\`) / 3 | two lost renewals cost all paths |
| \`session.renewEveryMs\` + \`deadlines.consulMs\` < \`ttlMs\` − \`marginMs\` | one hanging renewal costs all paths |
| \`leaseBound\`: \`watchdog.mode\` is \`required\` | a killed daemon leaves its paths served |
| \`leaseBound\`: \`boundMs\` ≥ \`ttlMs\` − \`marginMs\` + \`teardownMs\` + 1000 + \`timeoutMs\` | it may serve |
| \`leaseBound\`: \`session.lockDelayMs\` ≥ \`boundMs\` + \`marginMs\` | others lock too early |
| \`fenceAgent\`: each node is told apart, by \`{node}\` or in \`nodes\` | the wrong node is fenced |
| \`ceph\`: no address of two nodes, none that every host has | the wrong node is refused |
| \`sshPoweroff\`: a method that proves comes after it | it looks like fencing and is none |
| \`consul.certFile\` and \`consul.keyFile\` together; TLS only with an https \`url\` | the connection fails |
| \`peers.listen\` and \`peers.keyFile\` together; \`peers.advertise\` is no wildcard | nobody is asked |
| \`peers.heartbeat.missedMs\` ≥ 3 × \`everyMs\` | two lost packets look like a lost node |
| \`announceAtMs\` grows | – |`;

function describeSection(schema: TSchema, prefix: string): readonly SettingDescription[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    return 'properties' in property ? describeSection(property, key) : [describe(key, property)];
  });
}

function describe(key: string, schema: TSchema): SettingDescription {
  const facts = schema as TSchema & Readonly<Record<string, unknown>>;
  const text = (name: string): string | null => (typeof facts[name] === 'string' ? facts[name] : null);
  const [example] = Array.isArray(facts['examples']) ? (facts['examples'] as unknown[]) : [];
  return {
    key,
    description: text('description') ?? '',
    fits: expected(schema),
    byDefault: text('dynamicDefault') ?? ('default' in facts ? JSON.stringify(facts['default']) : null),
    example: example === undefined ? null : JSON.stringify(example),
    tooSmall: text('tooSmall'),
    tooLarge: text('tooLarge'),
  };
}

function sectionText(key: string, schema: TSchema): string {
  const settings = describeSection(schema, key).map(settingText);
  const methods = key === 'exclusion' ? Object.entries(exclusionVariants) : [];
  const variants = methods.map(([name, variant]) => variantText(name, variant));
  return [`## ${key}`, `${description(schema)}.`, ...settings, ...variants].join('\n\n');
}

function variantText(name: string, schema: TSchema): string {
  const settings = describeSection(schema, '').filter((setting) => setting.key !== 'method');
  return [`### method: ${name}`, `${description(schema)}.`, ...settings.map(settingText)].join('\n\n');
}

function settingText(setting: SettingDescription): string {
  const lines = [
    `**\`${setting.key}\`** ${setting.description}.`,
    `- fits: ${setting.fits}`,
    `- default: ${setting.byDefault === null ? 'none' : quoted(setting.byDefault)}`,
    ...(setting.example === null ? [] : [`- example: \`${setting.example}\``]),
    ...(setting.tooSmall === null ? [] : [`- too small: ${setting.tooSmall}`]),
    ...(setting.tooLarge === null ? [] : [`- too large: ${setting.tooLarge}`]),
  ];
  return lines.join('\n').replace('\n', '\n\n');
}

/** Words stay words; JSON becomes code. */
const quoted = (text: string): string =>
  /^[[{"\d]|^(true|false)$/.test(text) && !text.includes(', or') ? `\`${text}\`` : text;

function description(schema: TSchema): string {
  return 'description' in schema && typeof schema.description === 'string' ? schema.description : '';
}
