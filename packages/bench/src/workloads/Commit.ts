/**
 * Commits one at a time and 100-way, into an empty store and into one with 100,000 senders: ours beside a raw loop that
 * writes the same rows with the same pragmas, at the same fill level, under the same checkpoint policy.
 */
import { rmSync, statSync } from "node:fs"
import type { Commit } from "@countersign/engine"
import { makeAddCommits } from "../commit/AddCommits.ts"
import { type OurStore, openOurStore } from "../commit/OurStore.ts"
import { openRawStore, type RawStore } from "../commit/RawStore.ts"
import { makeTemplate, type Template } from "../commit/Templates.ts"
import { type Aim, atLeast, type Figure } from "../Figure.ts"
import { alternate, perSecond, type Round, ratio, type Series } from "../Measure.ts"
import type { Scale, Workload } from "../Workload.ts"

const width = 100

/** How a round gets at the two stores, and leaves them. */
interface Stores {
  readonly ours: <A>(use: (store: OurStore) => Promise<A>) => Promise<A>
  readonly raw: <A>(use: (store: RawStore) => A) => Promise<A>
}

interface Measurements {
  readonly oneAtATime: { readonly ours: Series; readonly raw: Series }
  readonly together: { readonly ours: Series; readonly raw: Series }
  readonly eventsOnly: Series
  readonly groupSize: number
}

export const commit: Workload = {
  name: "commit",
  run: async ({ folder, progress, scale }) => {
    progress("commit: an empty store")
    const { warmUp } = scale.commits
    const fresh = freshStores(await makeTemplate(folder, 0), makeAddCommits(0, warmUp))
    const empty = await measure(scale, fresh, warmUp)
    progress(`commit: a store with ${scale.senders.toLocaleString("en")} senders is filled`)
    const template = await makeTemplate(folder, scale.senders)
    progress("commit: that store")
    const filled = await withSameStores(template, (stores) => measure(scale, stores, scale.senders))
    return [
      ...toFigures(`empty store (warmed up with ${warmUp})`, empty),
      ...toFigures(`${scale.senders.toLocaleString("en")} senders present`, filled, ({ ours }) =>
        atLeast(ours.rate, 2_500, ">= 2,500/s")
      )
    ]
  }
}

/**
 * A round in an empty store makes it less empty: every round begins with a new copy. A newly opened store runs code
 * that nothing has compiled for it yet, which a server does for a second of its life, so each is warmed up first.
 */
const freshStores = (template: Template, warmUp: ReadonlyArray<Commit>): Stores => ({
  ours: async (use) => {
    const file = template.copy("ours.db")
    const store = openOurStore(file)
    try {
      await store.oneAtATime(warmUp)
      return await use(store)
    } finally {
      await store.close()
      rmSync(file)
    }
  },
  raw: async (use) => {
    const file = template.copy("raw.db")
    const store = openRawStore(file)
    try {
      store.inGroups(warmUp, 1)
      return use(store)
    } finally {
      await store.close()
      rmSync(file)
    }
  }
})

/** One copy each for all rounds: they grow alike, by a few per cent. */
const withSameStores = async <A>(template: Template, use: (stores: Stores) => Promise<A>): Promise<A> => {
  const files = { ours: template.copy("ours.db"), raw: template.copy("raw.db") }
  const ours = openOurStore(files.ours)
  const raw = openRawStore(files.raw)
  try {
    const done = await use({ ours: (work) => work(ours), raw: async (work) => work(raw) })
    compareLogs(files)
    return done
  } finally {
    await ours.close()
    await raw.close()
    rmSync(files.ours)
    rmSync(files.raw)
  }
}

/** How far apart the lengths of two logs are by chance, in bytes: a checkpoint that came sooner here than there. */
const chance = 192 * 1_024 * 1_024

/**
 * Commits into a long log are slower. When the adapter gets another checkpoint policy, the raw contender must get it
 * too.
 */
const compareLogs = (files: { readonly ours: string; readonly raw: string }): void => {
  const [ours, raw] = [statSync(`${files.ours}-wal`).size, statSync(`${files.raw}-wal`).size]
  if (Math.abs(ours - raw) > chance) {
    throw new Error(`the checkpoint policies differ: our log has ${ours} bytes, the raw contender's ${raw}`)
  }
}

const measure = async ({ commits, rounds }: Scale, stores: Stores, present: number): Promise<Measurements> => {
  let made = present
  const more = (count: number) => {
    made += count
    return makeAddCommits(made - count, count)
  }
  const oneAtATime = await alternate(
    {
      ours: () => stores.ours((store) => store.oneAtATime(more(commits.oneAtATime))),
      raw: () => stores.raw((store) => store.inGroups(more(commits.oneAtATime), 1))
    },
    rounds
  )
  let groupSize = width
  const together = await alternate(
    {
      ours: () =>
        stores.ours(async (store): Promise<Round> => {
          const round = await store.together(more(commits.together), width)
          groupSize = store.groupSize()
          return round
        }),
      raw: () => stores.raw((store) => store.inGroups(more(commits.together), Math.round(groupSize)))
    },
    rounds
  )
  const { raw: eventsOnly } = await alternate(
    { raw: () => stores.raw((store) => store.eventsOnly(more(commits.together), Math.round(groupSize))) },
    Math.min(rounds, 3)
  )
  return { oneAtATime, together, eventsOnly, groupSize }
}

const toFigures = (
  fill: string,
  { eventsOnly, groupSize, oneAtATime, together }: Measurements,
  further?: (together: Measurements["together"]) => Aim
): ReadonlyArray<Figure> => {
  const single = ratio(oneAtATime.ours, oneAtATime.raw)
  const grouped = ratio(together.ours, together.raw)
  const size = Math.round(groupSize)
  return [
    {
      workload: `commit, one at a time, ${fill}`,
      ours: perSecond(oneAtATime.ours),
      raw: perSecond(oneAtATime.raw),
      ratio: single,
      aims: [atLeast(single, 0.75, "ratio >= 0.75")]
    },
    {
      workload: `commit, ${width}-way (groups of ${size}), ${fill}`,
      ours: perSecond(together.ours),
      raw: perSecond(together.raw),
      ratio: grouped,
      aims: [atLeast(grouped, 0.55, "ratio >= 0.55"), ...(further === undefined ? [] : [further(together)])]
    },
    {
      workload: `for comparison: raw, the two events alone (groups of ${size}), ${fill}`,
      ours: perSecond(together.ours),
      raw: perSecond(eventsOnly),
      ratio: together.ours.rate / eventsOnly.rate,
      aims: []
    }
  ]
}
