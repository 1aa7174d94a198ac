// Made from /v1/openapi.json by `npm run client`; do not edit.

export interface Operations {
  /** Registers the public key of an agent. The same key again gets the same answer. */
  postEnroll: {
    params: Record<never, never>
    query: Record<never, never>
    body: { token?: string | undefined; publicKey: string; name: string; host: string; version: string }
    answer: { agent: string; key: string; namespace: string }
  }
  /** A certificate of this indexer’s authority for the key that the agent signs with. The agent signs the request in Authorization, as for the settings. */
  getAgentCertificate: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { certificate: string }
  }
  /** Finds events. With `Accept: application/x-ndjson` it streams them, one a line, up to `limit` or to the last; otherwise it answers with a page of at most 1000 (100 unless told). */
  getSearch: {
    params: Record<never, never>
    query: {
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      sort?: string | undefined
      limit?: string | undefined
      after?: string | undefined
      own?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: { events: Array<Record<string, unknown>>; next: string | null }
  }
  /** Events in the order in which they were stored, for following. Without `after` it answers where the end is now. */
  getArrivals: {
    params: Record<never, never>
    query: {
      q?: string | undefined
      after?: string | undefined
      limit?: string | undefined
      own?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: { events: Array<Record<string, unknown>>; next: string }
  }
  /** One event as stored, and beside it what is derived when it is read. */
  getEventsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      event: Record<string, unknown>
      derived: {
        previous: Array<{ field: string; old: string | null; from: string; at: string }>
        note?: string | undefined
      } | null
    }
  }
  /** One event as a file. */
  getEventsIdExport: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: Record<string, unknown>
  }
  /** Hourly counts by one dimension. The hours are those of the events; without `from` it is the last 24 hours. */
  getCounts: {
    params: Record<never, never>
    query: {
      by: 'category' | 'action' | 'user' | 'entity' | 'outcome'
      from?: string | undefined
      to?: string | undefined
    }
    body: undefined
    answer: { counts: Array<{ hour: number; value: string; count: number }> }
  }
  /** Everything that a query finds, streamed as a file: NDJSON has whole events, CSV the columns named, with formulas made harmless. It has the events as they were when it began, where the store keeps such a moment: the header `waybill-moment` says which, or why not. */
  getExport: {
    params: Record<never, never>
    query: {
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      sort?: string | undefined
      own?: 'true' | 'false' | undefined
      format: 'csv' | 'ndjson'
      columns?: string | undefined
    }
    body: undefined
    answer: string
  }
  /** Counts the events that a query finds, split by time and by values of fields. Nothing is changed by it. */
  postAggregate: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      own?: boolean | undefined
      by?:
        | Array<
            | { kind: 'values'; field: string; top?: number | undefined; prefix?: string | undefined }
            | {
                kind: 'time'
                every: ('hour' | 'day' | 'week' | 'month' | 'year') | number
                zone?: string | undefined
              }
            | { kind: 'hour-of-day'; zone?: string | undefined }
            | { kind: 'day-of-week'; zone?: string | undefined }
          >
        | undefined
      sums?: Array<string> | undefined
      distinct?: Array<string> | undefined
      latest?: boolean | undefined
      budget?: number | undefined
    }
    answer: {
      count: number
      split?:
        | {
            buckets: Array<{
              key: string | number
              count: number
              split?:
                | {
                    buckets: Array<{ key: string | number; count: number }>
                    distinct: number
                    others: number
                    none: number
                  }
                | undefined
              sums?:
                | Record<
                    string,
                    {
                      values: number
                      sum: number
                      min: number | null
                      max: number | null
                      avg: number | null
                    }
                  >
                | undefined
              distinct?: Record<string, number> | undefined
              latest?: Record<string, unknown> | null | undefined
            }>
            distinct: number
            others: number
            none: number
          }
        | undefined
      sums?:
        | Record<
            string,
            { values: number; sum: number; min: number | null; max: number | null; avg: number | null }
          >
        | undefined
      distinct?: Record<string, number> | undefined
      latest?: Record<string, unknown> | null | undefined
      partial: { reason: 'time' | 'values'; sentence: string } | null
    }
  }
  /** For a question that found nothing: questions near it that find something, the nearest first, with how many events each finds. */
  getAlternatives: {
    params: Record<never, never>
    query: {
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      own?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: {
      alternatives: Array<{
        q: string
        from: string | null
        to: string | null
        own: boolean
        difference: string
        count: number
      }>
    }
  }
  /** The fields of the common schema. */
  getFields: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      fields: Array<{
        name: string
        short: string | null
        type: string
        many: boolean
        countable: boolean
        about: string
      }>
    }
  }
  /** The values of a field, the most frequent first: for completing what a person types. */
  getFieldsNameValues: {
    params: { name: string }
    query: {
      prefix?: string | undefined
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      own?: 'true' | 'false' | undefined
      top?: string | undefined
    }
    body: undefined
    answer: {
      field: string
      values: Array<{ value: string | number; count: number }>
      distinct: number
      partial: { reason: 'time' | 'values'; sentence: string } | null
    }
  }
  /** The searches that one saved, by name. */
  getSavedSearches: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { searches: Array<{ name: string; search: string; saved: number }> }
  }
  /** Saves a search, in place of one of this name. */
  putSavedSearchesName: {
    params: { name: string }
    query: Record<never, never>
    body: { search: string }
    answer: { name: string; search: string; saved: number }
  }
  /** Forgets a saved search. */
  deleteSavedSearchesName: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** All agents: when they were last heard of, how far they are behind, their ledgers, and gaps in their waybills. */
  getAgents: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      agents: Array<{
        id: string
        name: string
        host: string
        version: string
        enrolled: number
        lastSeen: number | null
        revoked: boolean
        lagBytes: number | null
        oldestPending: number | null
        ledger: {
          read: number
          stored: number
          duplicate: number
          filtered: number
          dead: number
          quarantined: number
          discarded: number
          pending: number
          skipped: number
          truncated: number
          errors: number
          dropped: number
        } | null
        settings: string | null
        notices: Array<string>
        clockOffset: number | null
        chains: Array<{
          incarnation: string
          first: number
          last: number
          lastHash: string
          lastAt: number
          waybills: number
          events: number
          gaps: Array<{ from: number; to: number }>
        }>
        hosts: Array<string> | null
        breaks: Array<{ incarnation: string; sequence: number; at: number; reason: string }>
        slowed: { since: number; why: string } | null
      }>
    }
  }
  /** Makes an enrolment token. It is shown this once. */
  postAgentsTokens: {
    params: Record<never, never>
    query: Record<never, never>
    body: { ttlSeconds?: number | undefined; uses?: number | undefined; hosts?: Array<string> | undefined }
    answer: { token: string; expires: number; uses: number }
  }
  /** Says which hosts an agent's events may name beside its own. */
  putAgentsIdHosts: {
    params: { id: string }
    query: Record<never, never>
    body: { hosts: Array<string> }
    answer: { id: string; hosts: Array<string> }
  }
  /** Takes an agent its right to send. What it sent stays. */
  postAgentsIdRevoke: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: { id: string; revoked: true }
  }
  /** The authority for the certificates of agents. */
  getAgentsCa: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { fingerprint: string; from: number; until: number; certificate: string; asked: boolean }
  }
  /** Makes an authority for the certificates of agents. */
  postAgentsCa: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { fingerprint: string; from: number; until: number; certificate: string; asked: boolean }
  }
  /** Puts a new authority in place of the one that there is. Certificates of the one before stay good until they expire. */
  postAgentsCaRenew: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { fingerprint: string; from: number; until: number; certificate: string; asked: boolean }
  }
  /** All event types of the integrations, with what the central settings make of them. */
  getEventTypes: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      version: string
      types: Array<{
        integration: string
        system: string
        id: string
        title: string
        group: string
        mandatory: boolean
        default: boolean
        recorded: boolean
        ruling: {
          event: string
          entity?: string | undefined
          user?: string | undefined
          host?: string | undefined
          record: 'on' | 'off'
        } | null
        exceptions: Array<{
          event: string
          entity?: string | undefined
          user?: string | undefined
          host?: string | undefined
          record: 'on' | 'off'
        }>
      }>
    }
  }
  /** The central rules about events. ETag has their version; with If-None-Match 304 where it still holds. */
  getSettingsEvents: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      version: string
      events: Array<{
        event: string
        entity?: string | undefined
        user?: string | undefined
        host?: string | undefined
        record: 'on' | 'off'
      }>
      changed: number | null
      by: string | null
    }
  }
  /** Puts other rules in place of the version that If-Match names; 412 where another holds by now, 428 without If-Match. Each event type that this switches is an event of the audit trail. */
  putSettingsEvents: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      events: Array<{
        event: string
        entity?: string | undefined
        user?: string | undefined
        host?: string | undefined
        record: 'on' | 'off'
      }>
    }
    answer: {
      version: string
      events: Array<{
        event: string
        entity?: string | undefined
        user?: string | undefined
        host?: string | undefined
        record: 'on' | 'off'
      }>
      changed: number | null
      by: string | null
    }
  }
  /** Dead letters, newest first. */
  getDeadLetters: {
    params: Record<never, never>
    query: { limit?: string | undefined; after?: string | undefined }
    body: undefined
    answer: {
      letters: Array<{
        id: string
        at: number
        kind: 'invalid' | 'collision' | 'refused' | 'foreign'
        reason: string
        eventId: string
        agent: string
        incarnation: string
        sequence: number
        position: number
        source: string
        line: string
        bytes: number
        whole?:
          | { bytes: number; leaf: string; at: { path: string; from: number; to: number } | null }
          | undefined
      }>
      next: string | null
      total: number
    }
  }
  /** One dead letter, with the shipped line byte for byte. */
  getDeadLettersId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      at: number
      kind: 'invalid' | 'collision' | 'refused' | 'foreign'
      reason: string
      eventId: string
      agent: string
      incarnation: string
      sequence: number
      position: number
      source: string
      line: string
      bytes: number
      whole?:
        | { bytes: number; leaf: string; at: { path: string; from: number; to: number } | null }
        | undefined
      raw: string
    }
  }
  /** Throws a dead letter away, on the record. */
  deleteDeadLettersId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Tries to store the event again. On success the letter is gone. */
  postDeadLettersIdReplay: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: { stored: boolean; reason?: string | undefined }
  }
  /** Takes the alerts of one run of a watch into the audit trail. An alert that is told again is known by its id, and counts once. */
  postAlerts: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      rule: string
      execution: string
      alerts: Array<{
        id: string
        at: string
        message: string
        count: number
        group: Record<string, string>
        events: Array<string>
      }>
      more: number
    }
    answer: { taken: number; known: number }
  }
  /** Storage used by category and tier, how fast it grows, what is left, and what retention keeps past its time. */
  getStorage: {
    params: Record<never, never>
    query: { detail?: 'true' | 'false' | undefined }
    body: undefined
    answer: {
      at: number
      categories: Array<{
        category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
        searchable: number
        archive: number | null
        tiers: Array<{
          tier: 'hot' | 'warm' | 'cold' | 'frozen'
          partitions: number
          events: number
          bytes: number
        }>
        events: number
        bytes: number
        oldest: number | null
        perDay: number | null
        expected: number | null
        notArchived: Array<{ name: string; events: number; bytes: number; since: number }>
      }>
      otherBytes: number
      bytes: number
      disk: { total: number; free: number } | null
      growth: number | null
      fullInDays: number | null
      parts?: Array<{ part: string; bytes: number }> | null | undefined
    }
  }
  /** The process lives. */
  getHealthz: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { alive: true }
  }
  /** The store takes events; otherwise 503 with the sentence what is wrong. */
  getReadyz: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { ready: true }
  }
  /** Figures for Prometheus. */
  getMetrics: { params: Record<never, never>; query: Record<never, never>; body: undefined; answer: string }
  /** Signs in with name and password. `wants` says what is still to be sent. */
  postSession: {
    params: Record<never, never>
    query: Record<never, never>
    body: { name: string; password: string; for?: 'browser' | 'program' | undefined }
    answer: {
      name: string
      fullName: string | null
      role: ('viewer' | 'auditor' | 'manager' | 'admin') | null
      permissions: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      masked: Array<string>
      provider: string | null
      secondFactor: boolean
      wants: ('second-factor' | 'new-password') | null
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** Who asks, what they may do, and what a change by cookie must bring along. */
  getSession: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      name: string
      fullName: string | null
      role: ('viewer' | 'auditor' | 'manager' | 'admin') | null
      permissions: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      masked: Array<string>
      provider: string | null
      secondFactor: boolean
      wants: ('second-factor' | 'new-password') | null
      csrf: string | null
      expires: number | null
    }
  }
  /** Signs out. */
  deleteSession: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** The code that completes a sign-in. */
  postSessionSecondFactor: {
    params: Record<never, never>
    query: Record<never, never>
    body: { code: string }
    answer: {
      name: string
      fullName: string | null
      role: ('viewer' | 'auditor' | 'manager' | 'admin') | null
      permissions: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      masked: Array<string>
      provider: string | null
      secondFactor: boolean
      wants: ('second-factor' | 'new-password') | null
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** Changes one’s own password. All sessions end; this one goes on under a new secret. */
  postSessionPassword: {
    params: Record<never, never>
    query: Record<never, never>
    body: { current?: string | undefined; password: string; tokens?: 'keep' | 'revoke' | undefined }
    answer: {
      name: string
      fullName: string | null
      role: ('viewer' | 'auditor' | 'manager' | 'admin') | null
      permissions: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      masked: Array<string>
      provider: string | null
      secondFactor: boolean
      wants: ('second-factor' | 'new-password') | null
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** Begins to set up a second factor (TOTP). It holds once a code of it has been sent. */
  postSessionSecondFactorOffer: {
    params: Record<never, never>
    query: Record<never, never>
    body: { password: string }
    answer: { secret: string; uri: string }
  }
  /** A code of the app: from now on each sign-in needs one. One’s other sessions end. */
  postSessionSecondFactorConfirm: {
    params: Record<never, never>
    query: Record<never, never>
    body: { code: string; tokens?: 'keep' | 'revoke' | undefined }
    answer: { recoveryCodes: Array<string> }
  }
  /** Takes off one’s own second factor. One’s other sessions end. */
  postSessionSecondFactorRemove: {
    params: Record<never, never>
    query: Record<never, never>
    body: { password: string; tokens?: 'keep' | 'revoke' | undefined }
    answer: undefined
  }
  /** One’s own sessions that are open. */
  getSessions: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      sessions: Array<{
        id: string
        kind: 'browser' | 'program'
        created: number
        seen: number
        address: string
        client: string
        current: boolean
      }>
    }
  }
  /** Ends one of one’s own sessions. */
  deleteSessionsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** How people may sign in here, besides name and password. */
  getSignIn: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { openid: { button: string } | null; problem: string | null }
  }
  /** Sends the browser to the provider of OpenID Connect. */
  getSignInOpenid: {
    params: Record<never, never>
    query: { to?: string | undefined }
    body: undefined
    answer: undefined
  }
  /** The provider sends the browser back to this address, with the result. */
  getSignInOpenidCallback: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Signs out a browser here, and says where it signs out at the provider that it signed in at. */
  postSessionSignOut: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { next: string | null }
  }
  /** All users. */
  getUsers: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      users: Array<{
        name: string
        fullName: string
        role: 'viewer' | 'auditor' | 'manager' | 'admin'
        limits: { namespaces: Array<string> | null; entities: Array<string> | null }
        provider: string | null
        secondFactor: boolean
        oneTimePassword: boolean
        locked: { since: number; until: number | null; reason: string } | null
        created: number
        passwordChanged: number
      }>
    }
  }
  /** Makes a user, with a password for one sign-in. */
  postUsers: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      name: string
      fullName?: string | undefined
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits?:
        | { namespaces?: Array<string> | null | undefined; entities?: Array<string> | null | undefined }
        | undefined
    }
    answer: {
      user: {
        name: string
        fullName: string
        role: 'viewer' | 'auditor' | 'manager' | 'admin'
        limits: { namespaces: Array<string> | null; entities: Array<string> | null }
        provider: string | null
        secondFactor: boolean
        oneTimePassword: boolean
        locked: { since: number; until: number | null; reason: string } | null
        created: number
        passwordChanged: number
      }
      password: string
      expires: number
    }
  }
  /** One user. */
  getUsersName: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Removes a user, with their sessions, tokens and saved searches. What they did stays in the trail. */
  deleteUsersName: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Gives a user another role. Their sessions end. */
  postUsersNameRole: {
    params: { name: string }
    query: Record<never, never>
    body: { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Limits which events a user may see; what is not named is not limited. */
  postUsersNameLimits: {
    params: { name: string }
    query: Record<never, never>
    body: { namespaces?: Array<string> | null | undefined; entities?: Array<string> | null | undefined }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Keeps a user out until they are unlocked. Their sessions end, their tokens rest. */
  postUsersNameLock: {
    params: { name: string }
    query: Record<never, never>
    body: { reason?: string | undefined }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Lets a user in again. */
  postUsersNameUnlock: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Gives a user a password for one sign-in. Their sessions end. */
  postUsersNameReset: {
    params: { name: string }
    query: Record<never, never>
    body: { secondFactor?: 'keep' | 'remove' | undefined; tokens?: 'keep' | 'revoke' | undefined }
    answer: {
      user: {
        name: string
        fullName: string
        role: 'viewer' | 'auditor' | 'manager' | 'admin'
        limits: { namespaces: Array<string> | null; entities: Array<string> | null }
        provider: string | null
        secondFactor: boolean
        oneTimePassword: boolean
        locked: { since: number; until: number | null; reason: string } | null
        created: number
        passwordChanged: number
      }
      password: string
      expires: number
    }
  }
  /** One’s own tokens; all of them for who may manage users. Those of indexer.yml are not among them. */
  getTokens: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      tokens: Array<{
        id: string
        name: string
        owner: string | null
        scopes: Array<
          | 'search'
          | 'status'
          | 'report'
          | 'export'
          | 'archive'
          | 'settings'
          | 'rules'
          | 'dead-letters'
          | 'agents'
          | 'users'
          | 'alerts'
        >
        created: number
        createdBy: string
        expires: number | null
        expired: boolean
      }>
    }
  }
  /** Makes a token, with at most the rights of who makes it. It is shown this once. */
  postTokens: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      name: string
      scopes: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      expiresSeconds?: number | null | undefined
    }
    answer: {
      id: string
      name: string
      owner: string | null
      scopes: Array<
        | 'search'
        | 'status'
        | 'report'
        | 'export'
        | 'archive'
        | 'settings'
        | 'rules'
        | 'dead-letters'
        | 'agents'
        | 'users'
        | 'alerts'
      >
      created: number
      createdBy: string
      expires: number | null
      expired: boolean
      token: string
    }
  }
  /** Revokes a token. */
  deleteTokensId: { params: { id: string }; query: Record<never, never>; body: undefined; answer: undefined }
  /** This document. */
  getOpenapiJson: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: Record<string, unknown>
  }
}

export const ROUTES: Readonly<Record<keyof Operations, { readonly method: string; readonly path: string }>> =
  {
    postEnroll: { method: 'POST', path: '/v1/enroll' },
    getAgentCertificate: { method: 'GET', path: '/v1/agent/certificate' },
    getSearch: { method: 'GET', path: '/v1/search' },
    getArrivals: { method: 'GET', path: '/v1/arrivals' },
    getEventsId: { method: 'GET', path: '/v1/events/{id}' },
    getEventsIdExport: { method: 'GET', path: '/v1/events/{id}/export' },
    getCounts: { method: 'GET', path: '/v1/counts' },
    getExport: { method: 'GET', path: '/v1/export' },
    postAggregate: { method: 'POST', path: '/v1/aggregate' },
    getAlternatives: { method: 'GET', path: '/v1/alternatives' },
    getFields: { method: 'GET', path: '/v1/fields' },
    getFieldsNameValues: { method: 'GET', path: '/v1/fields/{name}/values' },
    getSavedSearches: { method: 'GET', path: '/v1/saved-searches' },
    putSavedSearchesName: { method: 'PUT', path: '/v1/saved-searches/{name}' },
    deleteSavedSearchesName: { method: 'DELETE', path: '/v1/saved-searches/{name}' },
    getAgents: { method: 'GET', path: '/v1/agents' },
    postAgentsTokens: { method: 'POST', path: '/v1/agents/tokens' },
    putAgentsIdHosts: { method: 'PUT', path: '/v1/agents/{id}/hosts' },
    postAgentsIdRevoke: { method: 'POST', path: '/v1/agents/{id}/revoke' },
    getAgentsCa: { method: 'GET', path: '/v1/agents/ca' },
    postAgentsCa: { method: 'POST', path: '/v1/agents/ca' },
    postAgentsCaRenew: { method: 'POST', path: '/v1/agents/ca/renew' },
    getEventTypes: { method: 'GET', path: '/v1/event-types' },
    getSettingsEvents: { method: 'GET', path: '/v1/settings/events' },
    putSettingsEvents: { method: 'PUT', path: '/v1/settings/events' },
    getDeadLetters: { method: 'GET', path: '/v1/dead-letters' },
    getDeadLettersId: { method: 'GET', path: '/v1/dead-letters/{id}' },
    deleteDeadLettersId: { method: 'DELETE', path: '/v1/dead-letters/{id}' },
    postDeadLettersIdReplay: { method: 'POST', path: '/v1/dead-letters/{id}/replay' },
    postAlerts: { method: 'POST', path: '/v1/alerts' },
    getStorage: { method: 'GET', path: '/v1/storage' },
    getHealthz: { method: 'GET', path: '/healthz' },
    getReadyz: { method: 'GET', path: '/readyz' },
    getMetrics: { method: 'GET', path: '/metrics' },
    postSession: { method: 'POST', path: '/v1/session' },
    getSession: { method: 'GET', path: '/v1/session' },
    deleteSession: { method: 'DELETE', path: '/v1/session' },
    postSessionSecondFactor: { method: 'POST', path: '/v1/session/second-factor' },
    postSessionPassword: { method: 'POST', path: '/v1/session/password' },
    postSessionSecondFactorOffer: { method: 'POST', path: '/v1/session/second-factor/offer' },
    postSessionSecondFactorConfirm: { method: 'POST', path: '/v1/session/second-factor/confirm' },
    postSessionSecondFactorRemove: { method: 'POST', path: '/v1/session/second-factor/remove' },
    getSessions: { method: 'GET', path: '/v1/sessions' },
    deleteSessionsId: { method: 'DELETE', path: '/v1/sessions/{id}' },
    getSignIn: { method: 'GET', path: '/v1/sign-in' },
    getSignInOpenid: { method: 'GET', path: '/v1/sign-in/openid' },
    getSignInOpenidCallback: { method: 'GET', path: '/v1/sign-in/openid/callback' },
    postSessionSignOut: { method: 'POST', path: '/v1/session/sign-out' },
    getUsers: { method: 'GET', path: '/v1/users' },
    postUsers: { method: 'POST', path: '/v1/users' },
    getUsersName: { method: 'GET', path: '/v1/users/{name}' },
    deleteUsersName: { method: 'DELETE', path: '/v1/users/{name}' },
    postUsersNameRole: { method: 'POST', path: '/v1/users/{name}/role' },
    postUsersNameLimits: { method: 'POST', path: '/v1/users/{name}/limits' },
    postUsersNameLock: { method: 'POST', path: '/v1/users/{name}/lock' },
    postUsersNameUnlock: { method: 'POST', path: '/v1/users/{name}/unlock' },
    postUsersNameReset: { method: 'POST', path: '/v1/users/{name}/reset' },
    getTokens: { method: 'GET', path: '/v1/tokens' },
    postTokens: { method: 'POST', path: '/v1/tokens' },
    deleteTokensId: { method: 'DELETE', path: '/v1/tokens/{id}' },
    getOpenapiJson: { method: 'GET', path: '/v1/openapi.json' },
  }
