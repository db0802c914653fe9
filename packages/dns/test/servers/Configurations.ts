/**
 * The configuration files of the name servers: a port of loopback, no control channel, nothing outside of the folder,
 * and otherwise what they do by themselves.
 */
import { loopback } from "./Daemon.ts"

export interface Served {
  readonly apex: string
  readonly file: string
}

export const namedConf = (folder: string, port: number, zones: ReadonlyArray<Served>): string => `
options {
  directory "${folder}";
  listen-on port ${port} { ${loopback}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  lock-file none;
  recursion no;
  notify no;
  dnssec-validation no;
};
controls { };
${zones.map(({ apex, file }) => `zone "${apex}" { type primary; file "${file}"; };`).join("\n")}
`

export const nsdConf = (folder: string, port: number, zones: ReadonlyArray<Served>): string => `
server:
  ip-address: ${loopback}@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  pidfile: ""
  logfile: ""
  server-count: 1
remote-control:
  control-enable: no
${zones.map(({ apex, file }) => `zone:\n  name: "${apex}"\n  zonefile: "${file}"`).join("\n")}
`

/** A zone and the ports of the servers that a resolver would find for it. */
export interface Stub {
  readonly apex: string
  readonly ports: ReadonlyArray<number>
}

/** `use-caps-for-id` asks in letters of random case, and accepts only answers that repeat them. */
export const unboundConf = (
  folder: string,
  port: number,
  stubs: ReadonlyArray<Stub>,
  trustAnchors: ReadonlyArray<string>
): string => `
server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: ${loopback}@${port}
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  use-caps-for-id: yes
  module-config: "validator iterator"
${trustAnchors.map((file) => `  trust-anchor-file: "${file}"`).join("\n")}
remote-control:
  control-enable: no
${stubs
  .map(({ apex, ports }) =>
    [
      "stub-zone:",
      `  name: "${apex}"`,
      "  stub-prime: no",
      ...ports.map((stub) => `  stub-addr: ${loopback}@${stub}`)
    ].join("\n")
  )
  .join("\n")}
`
