import { type Commit, EventStore, MailBudget, SenderDirectory, TaskQueue } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { Context, Effect, Layer, Option } from "effect"
import { describe, expect, it } from "vitest"
import { compareStorages, type StoragePorts } from "../src/index.ts"

/** Memory with one port changed for the worse. */
const worse = (change: (ports: Context.Context<StoragePorts>) => Context.Context<StoragePorts>) =>
  Layer.effectContext(Effect.map(MemoryStorage.make(), change))

const planted = {
  "a commit that ignores the task it settles": worse((ports) => {
    const store = Context.get(ports, EventStore)
    return Context.add(ports, EventStore, {
      ...store,
      commit: (batch) => store.commit(batch.map(({ settles: _, ...commit }) => commit))
    })
  }),
  "a commit that ignores the keys it drops": worse((ports) => {
    const store = Context.get(ports, EventStore)
    const put = (commit: Commit) => ({ ...commit, keys: commit.keys?.filter(({ _tag }) => _tag === "Put") ?? [] })
    return Context.add(ports, EventStore, { ...store, commit: (batch) => store.commit(batch.map(put)) })
  }),
  "a commit that loses the tasks of its second append": worse((ports) => {
    const store = Context.get(ports, EventStore)
    return Context.add(ports, EventStore, {
      ...store,
      commit: (batch) =>
        store.commit(
          batch.map((commit) => ({
            ...commit,
            appends: commit.appends.map((append, index) => (index === 0 ? append : { ...append, tasks: [] }))
          }))
        )
    })
  }),
  "a retry that keeps the old payload": worse((ports) => {
    const queue = Context.get(ports, TaskQueue)
    return Context.add(ports, TaskQueue, {
      ...queue,
      retryAt: (claim, { payload: _, ...next }) => queue.retryAt(claim, next)
    })
  }),
  "a put without spacing": worse((ports) => {
    const queue = Context.get(ports, TaskQueue)
    return Context.add(ports, TaskQueue, { ...queue, put: (task) => queue.put({ ...task, spacing: 0 }) })
  }),
  "a find that overlooks buried tasks": worse((ports) => {
    const queue = Context.get(ports, TaskQueue)
    return Context.add(ports, TaskQueue, {
      ...queue,
      find: (key) =>
        Effect.map(
          queue.find(key),
          Option.filter(({ state }) => state !== "buried")
        )
    })
  }),
  "a directory that takes every filter of statuses for none": worse((ports) => {
    const directory = Context.get(ports, SenderDirectory)
    return Context.add(ports, SenderDirectory, {
      ...directory,
      count: ({ statuses: _, ...filter }) => directory.count(filter)
    })
  }),
  "a budget that never ends": worse((ports) =>
    Context.add(ports, MailBudget, {
      ...Context.get(ports, MailBudget),
      take: () => Effect.succeed({ _tag: "Granted" })
    })
  )
}

describe("random programs", () => {
  it("find no difference between a storage and itself", () =>
    compareStorages(MemoryStorage.layer, MemoryStorage.layer, { runs: 20 }))

  for (const [bug, layer] of Object.entries(planted)) {
    it(`find ${bug}`, { timeout: 60_000 }, () =>
      expect(compareStorages(MemoryStorage.layer, layer, { runs: 300, seed: 1 })).rejects.toThrow(/seed: 1\b/)
    )
  }
})
