// Made from /v1/openapi.json by `npm run client`; do not edit.

export interface Operations {
  /** Registers the public key of an agent. Repeating a request with the same key gives the same answer. */
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
  /** Finds events. With `Accept: application/x-ndjson` it streams them, one a line, up to `limit` or to the last; otherwise it answers with a page of at most 1000 (100 by default). */
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
      restored?: string | undefined
    }
    body: undefined
    answer: {
      events: Array<Record<string, unknown>>
      next: string | null
      restored?: { id: string; until: number } | undefined
    }
  }
  /** Events in the order in which they were stored, for following. Without `after` the answer gives the present end. */
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
  /** One event as stored, with the values that are derived when it is read. */
  getEventsId: {
    params: { id: string }
    query: { restored?: string | undefined }
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
  /** Everything that a query finds, streamed as a file: NDJSON has whole events, CSV the columns named, with formulas as plain text. It has the events of the moment when it began, if the store can keep such a moment: the header `waybill-moment` gives it, or the reason. */
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
  /** Makes a report (permission `report`) or an export of a search (`export`) in the background. It sees what you may see when it runs. */
  postJobs: {
    params: Record<never, never>
    query: Record<never, never>
    body:
      | {
          makes: 'report'
          report: string
          parameters?:
            | {
                from?: string | undefined
                to?: string | undefined
                last?: 'day' | 'week' | 'month' | 'quarter' | 'year' | undefined
                zone?: string | undefined
                users?: Array<string> | undefined
                people?: Array<string> | undefined
                entities?: Array<string> | undefined
                systems?: Array<string> | undefined
                outcomes?: Array<'success' | 'failure' | 'unknown'> | undefined
                q?: string | undefined
                paper?: 'a4' | 'letter' | undefined
              }
            | undefined
          formats?: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'> | undefined
          mail?: boolean | undefined
          mailTo?: string | undefined
        }
      | {
          makes: 'export'
          export?:
            | {
                q?: string | undefined
                from?: string | undefined
                to?: string | undefined
                own?: boolean | undefined
                columns?: Array<string> | undefined
                preset?: 'clockify' | 'strapi' | undefined
                order?: 'newest' | 'oldest' | undefined
              }
            | undefined
          formats?: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'> | undefined
          mail?: boolean | undefined
          mailTo?: string | undefined
        }
    answer: {
      id: string
      makes: 'report' | 'export'
      title: string
      report: string | null
      query: string
      period: { from: number | null; to: number | null }
      formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
      state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
      by: string
      schedule: string | null
      late: boolean
      created: number
      begun: number | null
      finished: number | null
      progress: { rows: number; of: number | null }
      reason: string | null
      verdict: { complete: boolean; sentence: string } | null
      files: Array<{
        name: string
        format: 'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'
        bytes: number
        rows: number
        sha256: string
        proof: string | null
      }>
      until: number | null
      holder: string
      here: boolean
      deliveries: Array<{ to: string; state: 'sent' | 'failed' | 'waiting'; reason: string | null }>
      downloads: Array<{ by: string; file: string; at: number }>
    }
  }
  /** Your jobs; and those of others, if you may make such and see all events. The newest first, at most 500. */
  getJobs: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      jobs: Array<{
        id: string
        makes: 'report' | 'export'
        title: string
        report: string | null
        query: string
        period: { from: number | null; to: number | null }
        formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
        state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
        by: string
        schedule: string | null
        late: boolean
        created: number
        begun: number | null
        finished: number | null
        progress: { rows: number; of: number | null }
        reason: string | null
        verdict: { complete: boolean; sentence: string } | null
        files: Array<{
          name: string
          format: 'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'
          bytes: number
          rows: number
          sha256: string
          proof: string | null
        }>
        until: number | null
        holder: string
        here: boolean
        deliveries: Array<{ to: string; state: 'sent' | 'failed' | 'waiting'; reason: string | null }>
        downloads: Array<{ by: string; file: string; at: number }>
      }>
    }
  }
  /** A job as it is now. */
  getJobsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      makes: 'report' | 'export'
      title: string
      report: string | null
      query: string
      period: { from: number | null; to: number | null }
      formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
      state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
      by: string
      schedule: string | null
      late: boolean
      created: number
      begun: number | null
      finished: number | null
      progress: { rows: number; of: number | null }
      reason: string | null
      verdict: { complete: boolean; sentence: string } | null
      files: Array<{
        name: string
        format: 'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'
        bytes: number
        rows: number
        sha256: string
        proof: string | null
      }>
      until: number | null
      holder: string
      here: boolean
      deliveries: Array<{ to: string; state: 'sent' | 'failed' | 'waiting'; reason: string | null }>
      downloads: Array<{ by: string; file: string; at: number }>
    }
  }
  /** Removes a job that is over, with its files. */
  deleteJobsId: { params: { id: string }; query: Record<never, never>; body: undefined; answer: undefined }
  /** Ends a job that waits or runs; nothing of it is kept. */
  postJobsIdCancel: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      makes: 'report' | 'export'
      title: string
      report: string | null
      query: string
      period: { from: number | null; to: number | null }
      formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
      state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
      by: string
      schedule: string | null
      late: boolean
      created: number
      begun: number | null
      finished: number | null
      progress: { rows: number; of: number | null }
      reason: string | null
      verdict: { complete: boolean; sentence: string } | null
      files: Array<{
        name: string
        format: 'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'
        bytes: number
        rows: number
        sha256: string
        proof: string | null
      }>
      until: number | null
      holder: string
      here: boolean
      deliveries: Array<{ to: string; state: 'sent' | 'failed' | 'waiting'; reason: string | null }>
      downloads: Array<{ by: string; file: string; at: number }>
    }
  }
  /** A file of a job that is done, or a part of it: a download that broke goes on with `Range` and `If-Range`. The `ETag` is the SHA-256 of the file. */
  getJobsIdFilesName: {
    params: { id: string; name: string }
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** All schedules of reports, with the next run of each. */
  getReportSchedules: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      schedules: Array<{
        id: string
        schedule: {
          title: string
          report: string
          parameters: {
            zone?: string | undefined
            users: Array<string>
            people: Array<string>
            entities: Array<string>
            systems: Array<string>
            outcomes: Array<'success' | 'failure' | 'unknown'>
            q: string
            paper: 'a4' | 'letter'
          }
          covers: 'day' | 'week' | 'month' | 'quarter' | 'year'
          cron: string
          zone?: string | undefined
          formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
          to: Array<
            | { mail: string }
            | { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
            | { channel: string }
            | { place: string }
          >
          enabled: boolean
        }
        version: number
        by: string
        next: number | null
        last: {
          at: number
          job: string
          state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
        } | null
        problem: string | null
      }>
      templates: Array<{
        id: string
        schedule: {
          title: string
          report: string
          parameters: {
            zone?: string | undefined
            users: Array<string>
            people: Array<string>
            entities: Array<string>
            systems: Array<string>
            outcomes: Array<'success' | 'failure' | 'unknown'>
            q: string
            paper: 'a4' | 'letter'
          }
          covers: 'day' | 'week' | 'month' | 'quarter' | 'year'
          cron: string
          zone?: string | undefined
          formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
          to: Array<
            | { mail: string }
            | { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
            | { channel: string }
            | { place: string }
          >
          enabled: boolean
        }
      }>
    }
  }
  /** A schedule. */
  getReportSchedulesId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      schedule: {
        title: string
        report: string
        parameters: {
          zone?: string | undefined
          users: Array<string>
          people: Array<string>
          entities: Array<string>
          systems: Array<string>
          outcomes: Array<'success' | 'failure' | 'unknown'>
          q: string
          paper: 'a4' | 'letter'
        }
        covers: 'day' | 'week' | 'month' | 'quarter' | 'year'
        cron: string
        zone?: string | undefined
        formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
        to: Array<
          | { mail: string }
          | { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
          | { channel: string }
          | { place: string }
        >
        enabled: boolean
      }
      version: number
      by: string
      next: number | null
      last: { at: number; job: string; state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' } | null
      problem: string | null
    }
  }
  /** Makes a schedule, or changes the version that is named. From then on its reports show what you may see. */
  putReportSchedulesId: {
    params: { id: string }
    query: Record<never, never>
    body: {
      schedule: {
        title: string
        report: string
        parameters?:
          | {
              zone?: string | undefined
              users?: Array<string> | undefined
              people?: Array<string> | undefined
              entities?: Array<string> | undefined
              systems?: Array<string> | undefined
              outcomes?: Array<'success' | 'failure' | 'unknown'> | undefined
              q?: string | undefined
              paper?: 'a4' | 'letter' | undefined
            }
          | undefined
        covers: 'day' | 'week' | 'month' | 'quarter' | 'year'
        cron: string
        zone?: string | undefined
        formats?: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'> | undefined
        to?:
          | Array<
              | { mail: string }
              | { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
              | { channel: string }
              | { place: string }
            >
          | undefined
        enabled?: boolean | undefined
      }
      version?: number | undefined
    }
    answer: {
      id: string
      schedule: {
        title: string
        report: string
        parameters: {
          zone?: string | undefined
          users: Array<string>
          people: Array<string>
          entities: Array<string>
          systems: Array<string>
          outcomes: Array<'success' | 'failure' | 'unknown'>
          q: string
          paper: 'a4' | 'letter'
        }
        covers: 'day' | 'week' | 'month' | 'quarter' | 'year'
        cron: string
        zone?: string | undefined
        formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
        to: Array<
          | { mail: string }
          | { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
          | { channel: string }
          | { place: string }
        >
        enabled: boolean
      }
      version: number
      by: string
      next: number | null
      last: { at: number; job: string; state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' } | null
      problem: string | null
    }
  }
  /** Removes a schedule. The reports that it made stay for their time. */
  deleteReportSchedulesId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Makes the report of the last period that is over now, and delivers it as at its times. */
  postReportSchedulesIdRun: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      makes: 'report' | 'export'
      title: string
      report: string | null
      query: string
      period: { from: number | null; to: number | null }
      formats: Array<'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'>
      state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
      by: string
      schedule: string | null
      late: boolean
      created: number
      begun: number | null
      finished: number | null
      progress: { rows: number; of: number | null }
      reason: string | null
      verdict: { complete: boolean; sentence: string } | null
      files: Array<{
        name: string
        format: 'pdf' | 'html' | 'csv' | 'xlsx' | 'json' | 'ndjson'
        bytes: number
        rows: number
        sha256: string
        proof: string | null
      }>
      until: number | null
      holder: string
      here: boolean
      deliveries: Array<{ to: string; state: 'sent' | 'failed' | 'waiting'; reason: string | null }>
      downloads: Array<{ by: string; file: string; at: number }>
    }
  }
  /** Counts the events that a query finds, split by time and by values of fields. It changes nothing. */
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
  /** For a query that found nothing: similar queries that find events, the most similar first, with the number of events of each. */
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
  /** The values of a field, the most frequent first, for completion. */
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
  /** Your saved searches by name, then those that others share. Users who see only some events, or masked fields, see only their own: a search may name what is hidden from them. */
  getSavedSearches: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      searches: Array<{
        name: string
        search: string
        saved: number
        owner: string
        shared: boolean
        mayChange: boolean
      }>
    }
  }
  /** Saves a search, and replaces one of this name. A shared one can also be replaced by managers, who name its owner. */
  putSavedSearchesName: {
    params: { name: string }
    query: { owner?: string | undefined }
    body: { search: string; shared?: boolean | undefined }
    answer: {
      name: string
      search: string
      saved: number
      owner: string
      shared: boolean
      mayChange: boolean
    }
  }
  /** Deletes a saved search. A shared one can also be deleted by managers, who name its owner. */
  deleteSavedSearchesName: {
    params: { name: string }
    query: { owner?: string | undefined }
    body: undefined
    answer: undefined
  }
  /** All agents: last contact, backlog, ledgers, and gaps in their waybills. */
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
        details: {
          cpu: number
          memory: number
          files: Array<{
            path: string
            position: number
            size: number
            state: 'reading' | 'idle' | 'held' | 'blocked' | 'gone'
            problem: string | null
            lastRead: number | null
          }>
        } | null
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
  /** Makes an enrolment token. It is shown only once. */
  postAgentsTokens: {
    params: Record<never, never>
    query: Record<never, never>
    body: { ttlSeconds?: number | undefined; uses?: number | undefined; hosts?: Array<string> | undefined }
    answer: { token: string; expires: number; uses: number }
  }
  /** Sets which hosts an agent's events may name besides its own. */
  putAgentsIdHosts: {
    params: { id: string }
    query: Record<never, never>
    body: { hosts: Array<string> }
    answer: { id: string; hosts: Array<string> }
  }
  /** Revokes an agent, which may then send no more. The events that it sent stay. */
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
  /** Replaces the authority. Certificates of the old one stay valid until they expire. */
  postAgentsCaRenew: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { fingerprint: string; from: number; until: number; certificate: string; asked: boolean }
  }
  /** All event types of the integrations, with the effect of the central settings. */
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
        category: ('security' | 'activity' | 'change' | 'system' | 'api' | 'view') | null
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
  /** The central rules about events. ETag has their version; with If-None-Match the answer is 304 if it is still current. */
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
  /** Replaces the version that If-Match names; 412 if it is not the current one any more, 428 without If-Match. Each event type that this switches is an event of the audit trail. */
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
  /** Discards a dead letter, with an event in the audit trail. */
  deleteDeadLettersId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Tries to store the event again. On success the letter is removed. */
  postDeadLettersIdReplay: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: { stored: boolean; reason?: string | undefined }
  }
  /** Alerts, the newest first; by default those that are not resolved. */
  getAlerts: {
    params: Record<never, never>
    query: {
      state?: 'open' | 'acknowledged' | 'resolved' | 'unresolved' | 'any' | undefined
      rule?: string | undefined
      priority?: 'low' | 'medium' | 'high' | 'critical' | undefined
      assignee?: string | undefined
      text?: string | undefined
      from?: string | undefined
      to?: string | undefined
      sort?: 'newest' | 'priority' | undefined
      limit?: string | undefined
      after?: string | undefined
    }
    body: undefined
    answer: {
      alerts: Array<{
        id: string
        rule: { id: string; name: string; version: string; author?: string | undefined }
        priority: 'low' | 'medium' | 'high' | 'critical'
        message: string
        response: string
        channels: Array<string>
        group: Record<string, string>
        from: number
        first: number
        last: number
        raised: number
        late: boolean
        count: number
        events: Array<string>
        accounts: Array<string>
        users: Array<string>
        addresses: Array<string>
        state: 'open' | 'acknowledged' | 'resolved'
        assignee: string | null
        snoozedUntil: number | null
        resolution: { by: 'person' | 'condition' | 'withdrawn' | 'merged'; reason: string; at: number } | null
        incident: string
        timeline: Array<{
          at: number
          by: string
          did:
            | 'opened'
            | 'continued'
            | 'acknowledged'
            | 'assigned'
            | 'resolved'
            | 'reopened'
            | 'snoozed'
            | 'noted'
            | 'withdrawn'
            | 'merged'
          note: string
        }>
      }>
      next: string | null
      total: number
      open: Record<string, number>
      unseen: number
    }
  }
  /** Adds the alerts of one run of a watch to the audit trail. A repeated alert is recognised by its id, and counts once. */
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
        users?: Array<string> | undefined
        addresses?: Array<string> | undefined
      }>
      more: number
    }
    answer: { taken: number; known: number }
  }
  /** How many open alerts you have not seen. It is not recorded in the audit trail. */
  getAlertsUnseen: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      unseen: number
      newest: {
        id: string
        rule: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        raised: number
      } | null
    }
  }
  /** The users to whom alerts may be assigned. */
  getAlertsResponders: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { responders: Array<string> }
  }
  /** You have looked at the alerts: those raised until now count as seen. */
  postAlertsSeen: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** One alert, with its timeline. */
  getAlertsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      rule: { id: string; name: string; version: string; author?: string | undefined }
      priority: 'low' | 'medium' | 'high' | 'critical'
      message: string
      response: string
      channels: Array<string>
      group: Record<string, string>
      from: number
      first: number
      last: number
      raised: number
      late: boolean
      count: number
      events: Array<string>
      accounts: Array<string>
      users: Array<string>
      addresses: Array<string>
      state: 'open' | 'acknowledged' | 'resolved'
      assignee: string | null
      snoozedUntil: number | null
      resolution: { by: 'person' | 'condition' | 'withdrawn' | 'merged'; reason: string; at: number } | null
      incident: string
      timeline: Array<{
        at: number
        by: string
        did:
          | 'opened'
          | 'continued'
          | 'acknowledged'
          | 'assigned'
          | 'resolved'
          | 'reopened'
          | 'snoozed'
          | 'noted'
          | 'withdrawn'
          | 'merged'
        note: string
      }>
      query: string | null
    }
  }
  /** Copies of the events that caused an alert, and of what the same users, addresses and sessions did around it. They outlive the events. */
  getAlertsIdEvidence: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      gathered: number
      until: number | null
      isMore: boolean
      events: Array<Record<string, unknown>>
      before: Array<Record<string, unknown>>
      after: Array<Record<string, unknown>>
    }
  }
  /** Acknowledges, assigns, resolves, reopens or snoozes alerts, or adds a note to them. Each act is an event of the audit trail. */
  postAlertsActions: {
    params: Record<never, never>
    query: Record<never, never>
    body:
      | { do: 'acknowledge'; ids: Array<string>; note?: string | undefined }
      | { do: 'assign'; ids: Array<string>; to: string; note?: string | undefined }
      | { do: 'resolve'; ids: Array<string>; note: string }
      | { do: 'reopen'; ids: Array<string>; note?: string | undefined }
      | { do: 'snooze'; ids: Array<string>; until: number; note?: string | undefined }
      | { do: 'note'; ids: Array<string>; note: string }
    answer: {
      alerts: Array<{
        id: string
        rule: { id: string; name: string; version: string; author?: string | undefined }
        priority: 'low' | 'medium' | 'high' | 'critical'
        message: string
        response: string
        channels: Array<string>
        group: Record<string, string>
        from: number
        first: number
        last: number
        raised: number
        late: boolean
        count: number
        events: Array<string>
        accounts: Array<string>
        users: Array<string>
        addresses: Array<string>
        state: 'open' | 'acknowledged' | 'resolved'
        assignee: string | null
        snoozedUntil: number | null
        resolution: { by: 'person' | 'condition' | 'withdrawn' | 'merged'; reason: string; at: number } | null
        incident: string
        timeline: Array<{
          at: number
          by: string
          did:
            | 'opened'
            | 'continued'
            | 'acknowledged'
            | 'assigned'
            | 'resolved'
            | 'reopened'
            | 'snoozed'
            | 'noted'
            | 'withdrawn'
            | 'merged'
          note: string
        }>
      }>
    }
  }
  /** Incidents: alerts about the same people or addresses at about the same time. The newest first. */
  getIncidents: {
    params: Record<never, never>
    query: {
      state?: 'open' | 'acknowledged' | 'resolved' | 'unresolved' | 'any' | undefined
      rule?: string | undefined
      priority?: 'low' | 'medium' | 'high' | 'critical' | undefined
      assignee?: string | undefined
      text?: string | undefined
      from?: string | undefined
      to?: string | undefined
      sort?: 'newest' | 'priority' | undefined
      limit?: string | undefined
      after?: string | undefined
    }
    body: undefined
    answer: {
      incidents: Array<{
        id: string
        summary: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        state: 'open' | 'acknowledged' | 'resolved'
        alerts: Array<string>
        rules: Array<string>
        users: Array<string>
        addresses: Array<string>
        first: number
        last: number
      }>
      next: string | null
      total: number
    }
  }
  /** One incident with its alerts. */
  getIncidentsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      incident: {
        id: string
        summary: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        state: 'open' | 'acknowledged' | 'resolved'
        alerts: Array<string>
        rules: Array<string>
        users: Array<string>
        addresses: Array<string>
        first: number
        last: number
      }
      alerts: Array<{
        id: string
        rule: { id: string; name: string; version: string; author?: string | undefined }
        priority: 'low' | 'medium' | 'high' | 'critical'
        message: string
        response: string
        channels: Array<string>
        group: Record<string, string>
        from: number
        first: number
        last: number
        raised: number
        late: boolean
        count: number
        events: Array<string>
        accounts: Array<string>
        users: Array<string>
        addresses: Array<string>
        state: 'open' | 'acknowledged' | 'resolved'
        assignee: string | null
        snoozedUntil: number | null
        resolution: { by: 'person' | 'condition' | 'withdrawn' | 'merged'; reason: string; at: number } | null
        incident: string
        timeline: Array<{
          at: number
          by: string
          did:
            | 'opened'
            | 'continued'
            | 'acknowledged'
            | 'assigned'
            | 'resolved'
            | 'reopened'
            | 'snoozed'
            | 'noted'
            | 'withdrawn'
            | 'merged'
          note: string
        }>
      }>
    }
  }
  /** Your cases, and those that others share; the last changed first. An administrator sees all. */
  getCases: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      cases: Array<{
        id: string
        version: number
        name: string
        about: string
        state: 'open' | 'closed'
        owner: string
        shared: boolean
        mine: boolean
        opened: number
        changed: number
        pins: number
      }>
    }
  }
  /** Opens a case. You are its owner. */
  postCases: {
    params: Record<never, never>
    query: Record<never, never>
    body: { name: string; about?: string | undefined; shared?: boolean | undefined }
    answer: {
      id: string
      version: number
      name: string
      about: string
      state: 'open' | 'closed'
      owner: string
      shared: boolean
      mine: boolean
      opened: number
      changed: number
      pins: number
      items: Array<
        | {
            kind: 'event'
            id: string
            at: number
            by: string
            comment: string
            event: Record<string, unknown>
          }
        | {
            kind: 'alert'
            id: string
            at: number
            by: string
            comment: string
            alert: {
              id: string
              rule: { id: string; name: string; version: string; author?: string | undefined }
              priority: 'low' | 'medium' | 'high' | 'critical'
              message: string
              response: string
              channels: Array<string>
              group: Record<string, string>
              from: number
              first: number
              last: number
              raised: number
              late: boolean
              count: number
              events: Array<string>
              accounts: Array<string>
              users: Array<string>
              addresses: Array<string>
              state: 'open' | 'acknowledged' | 'resolved'
              assignee: string | null
              snoozedUntil: number | null
              resolution: {
                by: 'person' | 'condition' | 'withdrawn' | 'merged'
                reason: string
                at: number
              } | null
              incident: string
              timeline: Array<{
                at: number
                by: string
                did:
                  | 'opened'
                  | 'continued'
                  | 'acknowledged'
                  | 'assigned'
                  | 'resolved'
                  | 'reopened'
                  | 'snoozed'
                  | 'noted'
                  | 'withdrawn'
                  | 'merged'
                note: string
              }>
            }
          }
        | {
            kind: 'search'
            id: string
            at: number
            by: string
            comment: string
            name: string
            search: string
          }
        | { kind: 'note'; id: string; at: number; by: string; text: string }
        | { kind: 'hidden'; id: string; at: number; by: string; of: 'event' | 'alert' | 'search' | 'note' }
      >
      timeline: Array<{
        at: number
        by: string
        act:
          | 'opened'
          | 'renamed'
          | 'described'
          | 'closed'
          | 'reopened'
          | 'handed-over'
          | 'shared'
          | 'unshared'
          | 'pinned'
          | 'unpinned'
          | 'exported'
        pin: { id: string; kind: 'event' | 'alert' | 'search' | 'note' } | null
        text: string | null
      }>
    }
  }
  /** One case with what is pinned to it, and its timeline. Limits and masks hold: of an event that you may not see, you learn only that one is pinned. */
  getCasesId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      version: number
      name: string
      about: string
      state: 'open' | 'closed'
      owner: string
      shared: boolean
      mine: boolean
      opened: number
      changed: number
      pins: number
      items: Array<
        | {
            kind: 'event'
            id: string
            at: number
            by: string
            comment: string
            event: Record<string, unknown>
          }
        | {
            kind: 'alert'
            id: string
            at: number
            by: string
            comment: string
            alert: {
              id: string
              rule: { id: string; name: string; version: string; author?: string | undefined }
              priority: 'low' | 'medium' | 'high' | 'critical'
              message: string
              response: string
              channels: Array<string>
              group: Record<string, string>
              from: number
              first: number
              last: number
              raised: number
              late: boolean
              count: number
              events: Array<string>
              accounts: Array<string>
              users: Array<string>
              addresses: Array<string>
              state: 'open' | 'acknowledged' | 'resolved'
              assignee: string | null
              snoozedUntil: number | null
              resolution: {
                by: 'person' | 'condition' | 'withdrawn' | 'merged'
                reason: string
                at: number
              } | null
              incident: string
              timeline: Array<{
                at: number
                by: string
                did:
                  | 'opened'
                  | 'continued'
                  | 'acknowledged'
                  | 'assigned'
                  | 'resolved'
                  | 'reopened'
                  | 'snoozed'
                  | 'noted'
                  | 'withdrawn'
                  | 'merged'
                note: string
              }>
            }
          }
        | {
            kind: 'search'
            id: string
            at: number
            by: string
            comment: string
            name: string
            search: string
          }
        | { kind: 'note'; id: string; at: number; by: string; text: string }
        | { kind: 'hidden'; id: string; at: number; by: string; of: 'event' | 'alert' | 'search' | 'note' }
      >
      timeline: Array<{
        at: number
        by: string
        act:
          | 'opened'
          | 'renamed'
          | 'described'
          | 'closed'
          | 'reopened'
          | 'handed-over'
          | 'shared'
          | 'unshared'
          | 'pinned'
          | 'unpinned'
          | 'exported'
        pin: { id: string; kind: 'event' | 'alert' | 'search' | 'note' } | null
        text: string | null
      }>
    }
  }
  /** Renames, describes, closes or reopens a case; its owner also shares it or hands it over. 412 if `version` is not the current one any more. */
  putCasesId: {
    params: { id: string }
    query: Record<never, never>
    body: {
      version: number
      name?: string | undefined
      about?: string | undefined
      state?: 'open' | 'closed' | undefined
      owner?: string | undefined
      shared?: boolean | undefined
    }
    answer: {
      id: string
      version: number
      name: string
      about: string
      state: 'open' | 'closed'
      owner: string
      shared: boolean
      mine: boolean
      opened: number
      changed: number
      pins: number
      items: Array<
        | {
            kind: 'event'
            id: string
            at: number
            by: string
            comment: string
            event: Record<string, unknown>
          }
        | {
            kind: 'alert'
            id: string
            at: number
            by: string
            comment: string
            alert: {
              id: string
              rule: { id: string; name: string; version: string; author?: string | undefined }
              priority: 'low' | 'medium' | 'high' | 'critical'
              message: string
              response: string
              channels: Array<string>
              group: Record<string, string>
              from: number
              first: number
              last: number
              raised: number
              late: boolean
              count: number
              events: Array<string>
              accounts: Array<string>
              users: Array<string>
              addresses: Array<string>
              state: 'open' | 'acknowledged' | 'resolved'
              assignee: string | null
              snoozedUntil: number | null
              resolution: {
                by: 'person' | 'condition' | 'withdrawn' | 'merged'
                reason: string
                at: number
              } | null
              incident: string
              timeline: Array<{
                at: number
                by: string
                did:
                  | 'opened'
                  | 'continued'
                  | 'acknowledged'
                  | 'assigned'
                  | 'resolved'
                  | 'reopened'
                  | 'snoozed'
                  | 'noted'
                  | 'withdrawn'
                  | 'merged'
                note: string
              }>
            }
          }
        | {
            kind: 'search'
            id: string
            at: number
            by: string
            comment: string
            name: string
            search: string
          }
        | { kind: 'note'; id: string; at: number; by: string; text: string }
        | { kind: 'hidden'; id: string; at: number; by: string; of: 'event' | 'alert' | 'search' | 'note' }
      >
      timeline: Array<{
        at: number
        by: string
        act:
          | 'opened'
          | 'renamed'
          | 'described'
          | 'closed'
          | 'reopened'
          | 'handed-over'
          | 'shared'
          | 'unshared'
          | 'pinned'
          | 'unpinned'
          | 'exported'
        pin: { id: string; kind: 'event' | 'alert' | 'search' | 'note' } | null
        text: string | null
      }>
    }
  }
  /** Removes a case with its copies. Only its owner and administrators may. */
  deleteCasesId: { params: { id: string }; query: Record<never, never>; body: undefined; answer: undefined }
  /** Pins events, alerts, searches and notes. Events and alerts are copied, so they outlive their time in the store. */
  postCasesIdPins: {
    params: { id: string }
    query: Record<never, never>
    body: {
      pins: Array<
        | { kind: 'event'; event: string; restored?: string | undefined; comment?: string | undefined }
        | { kind: 'alert'; alert: string; comment?: string | undefined }
        | { kind: 'search'; name: string; search: string; comment?: string | undefined }
        | { kind: 'note'; text: string }
      >
    }
    answer: {
      id: string
      version: number
      name: string
      about: string
      state: 'open' | 'closed'
      owner: string
      shared: boolean
      mine: boolean
      opened: number
      changed: number
      pins: number
      items: Array<
        | {
            kind: 'event'
            id: string
            at: number
            by: string
            comment: string
            event: Record<string, unknown>
          }
        | {
            kind: 'alert'
            id: string
            at: number
            by: string
            comment: string
            alert: {
              id: string
              rule: { id: string; name: string; version: string; author?: string | undefined }
              priority: 'low' | 'medium' | 'high' | 'critical'
              message: string
              response: string
              channels: Array<string>
              group: Record<string, string>
              from: number
              first: number
              last: number
              raised: number
              late: boolean
              count: number
              events: Array<string>
              accounts: Array<string>
              users: Array<string>
              addresses: Array<string>
              state: 'open' | 'acknowledged' | 'resolved'
              assignee: string | null
              snoozedUntil: number | null
              resolution: {
                by: 'person' | 'condition' | 'withdrawn' | 'merged'
                reason: string
                at: number
              } | null
              incident: string
              timeline: Array<{
                at: number
                by: string
                did:
                  | 'opened'
                  | 'continued'
                  | 'acknowledged'
                  | 'assigned'
                  | 'resolved'
                  | 'reopened'
                  | 'snoozed'
                  | 'noted'
                  | 'withdrawn'
                  | 'merged'
                note: string
              }>
            }
          }
        | {
            kind: 'search'
            id: string
            at: number
            by: string
            comment: string
            name: string
            search: string
          }
        | { kind: 'note'; id: string; at: number; by: string; text: string }
        | { kind: 'hidden'; id: string; at: number; by: string; of: 'event' | 'alert' | 'search' | 'note' }
      >
      timeline: Array<{
        at: number
        by: string
        act:
          | 'opened'
          | 'renamed'
          | 'described'
          | 'closed'
          | 'reopened'
          | 'handed-over'
          | 'shared'
          | 'unshared'
          | 'pinned'
          | 'unpinned'
          | 'exported'
        pin: { id: string; kind: 'event' | 'alert' | 'search' | 'note' } | null
        text: string | null
      }>
    }
  }
  /** Removes a pin. The timeline keeps that it was there. */
  deleteCasesIdPinsPin: {
    params: { id: string; pin: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      version: number
      name: string
      about: string
      state: 'open' | 'closed'
      owner: string
      shared: boolean
      mine: boolean
      opened: number
      changed: number
      pins: number
      items: Array<
        | {
            kind: 'event'
            id: string
            at: number
            by: string
            comment: string
            event: Record<string, unknown>
          }
        | {
            kind: 'alert'
            id: string
            at: number
            by: string
            comment: string
            alert: {
              id: string
              rule: { id: string; name: string; version: string; author?: string | undefined }
              priority: 'low' | 'medium' | 'high' | 'critical'
              message: string
              response: string
              channels: Array<string>
              group: Record<string, string>
              from: number
              first: number
              last: number
              raised: number
              late: boolean
              count: number
              events: Array<string>
              accounts: Array<string>
              users: Array<string>
              addresses: Array<string>
              state: 'open' | 'acknowledged' | 'resolved'
              assignee: string | null
              snoozedUntil: number | null
              resolution: {
                by: 'person' | 'condition' | 'withdrawn' | 'merged'
                reason: string
                at: number
              } | null
              incident: string
              timeline: Array<{
                at: number
                by: string
                did:
                  | 'opened'
                  | 'continued'
                  | 'acknowledged'
                  | 'assigned'
                  | 'resolved'
                  | 'reopened'
                  | 'snoozed'
                  | 'noted'
                  | 'withdrawn'
                  | 'merged'
                note: string
              }>
            }
          }
        | {
            kind: 'search'
            id: string
            at: number
            by: string
            comment: string
            name: string
            search: string
          }
        | { kind: 'note'; id: string; at: number; by: string; text: string }
        | { kind: 'hidden'; id: string; at: number; by: string; of: 'event' | 'alert' | 'search' | 'note' }
      >
      timeline: Array<{
        at: number
        by: string
        act:
          | 'opened'
          | 'renamed'
          | 'described'
          | 'closed'
          | 'reopened'
          | 'handed-over'
          | 'shared'
          | 'unshared'
          | 'pinned'
          | 'unpinned'
          | 'exported'
        pin: { id: string; kind: 'event' | 'alert' | 'search' | 'note' } | null
        text: string | null
      }>
    }
  }
  /** The case as a sealed bundle, a ZIP file: the report as PDF and HTML, the events as NDJSON, the proof of each event, and the notes. It has what you may see. It also needs the permission `respond`. */
  getCasesIdBundle: {
    params: { id: string }
    query: { zone?: string | undefined }
    body: undefined
    answer: string
  }
  /** The people whose events a query finds, the most active first. Clients who see only some events, or masked fields, are refused: people are worked out of all events. */
  getPeople: {
    params: Record<never, never>
    query: {
      q?: string | undefined
      from?: string | undefined
      to?: string | undefined
      own?: 'true' | 'false' | undefined
      prefix?: string | undefined
      top?: string | undefined
    }
    body: undefined
    answer: {
      people: Array<{ id: string; name: string; listed: boolean; systems: Array<string>; count: number }>
      distinct: number
      none: number
      partial: string | null
    }
  }
  /** One person by the id, the name, an e-mail address or `system/account`: the accounts, and why they are one person's. Clients who see only some events, or masked fields, are refused: people are worked out of all events. */
  getPeopleOne: {
    params: Record<never, never>
    query: { person: string }
    body: undefined
    answer: {
      id: string
      name: string
      listed: boolean
      systems: Array<string>
      accounts: Array<{ system: string; names: Array<string>; ids: Array<string>; emails: Array<string> }>
      identifiers: Array<
        | { text: string; kind: 'email'; value: string }
        | { text: string; kind: 'uuid'; value: string }
        | { text: string; kind: 'id'; system: string; value: string }
        | { text: string; kind: 'name'; system: string; value: string }
      >
      joins: Array<{
        one: string
        other: string
        why:
          | { kind: 'events'; system: string; count: number }
          | { kind: 'list' }
          | { kind: 'act'; act: string; by: string; at: number }
        reason: string
      }>
    }
  }
  /** What was decided about people in the console or by the API, the newest first. Clients who see only some events, or masked fields, are refused: people are worked out of all events. */
  getPeopleActs: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      acts: Array<{
        id: string
        by: string
        at: number
        about: string
        what:
          | {
              kind: 'same'
              one:
                | { kind: 'email'; value: string }
                | { kind: 'uuid'; value: string }
                | { kind: 'id'; system: string; value: string }
                | { kind: 'name'; system: string; value: string }
              other:
                | { kind: 'email'; value: string }
                | { kind: 'uuid'; value: string }
                | { kind: 'id'; system: string; value: string }
                | { kind: 'name'; system: string; value: string }
            }
          | {
              kind: 'apart'
              account:
                | { kind: 'email'; value: string }
                | { kind: 'uuid'; value: string }
                | { kind: 'id'; system: string; value: string }
                | { kind: 'name'; system: string; value: string }
            }
      }>
    }
  }
  /** Decides that two accounts are one person, or that an account is a person of its own. It changes no event, and can be undone. */
  postPeopleActs: {
    params: Record<never, never>
    query: Record<never, never>
    body:
      | {
          kind: 'same'
          one:
            | { kind: 'email'; value: string }
            | { kind: 'uuid'; value: string }
            | { kind: 'id'; system: string; value: string }
            | { kind: 'name'; system: string; value: string }
          other:
            | { kind: 'email'; value: string }
            | { kind: 'uuid'; value: string }
            | { kind: 'id'; system: string; value: string }
            | { kind: 'name'; system: string; value: string }
        }
      | {
          kind: 'apart'
          account:
            | { kind: 'email'; value: string }
            | { kind: 'uuid'; value: string }
            | { kind: 'id'; system: string; value: string }
            | { kind: 'name'; system: string; value: string }
        }
    answer: {
      id: string
      by: string
      at: number
      about: string
      what:
        | {
            kind: 'same'
            one:
              | { kind: 'email'; value: string }
              | { kind: 'uuid'; value: string }
              | { kind: 'id'; system: string; value: string }
              | { kind: 'name'; system: string; value: string }
            other:
              | { kind: 'email'; value: string }
              | { kind: 'uuid'; value: string }
              | { kind: 'id'; system: string; value: string }
              | { kind: 'name'; system: string; value: string }
          }
        | {
            kind: 'apart'
            account:
              | { kind: 'email'; value: string }
              | { kind: 'uuid'; value: string }
              | { kind: 'id'; system: string; value: string }
              | { kind: 'name'; system: string; value: string }
          }
    }
  }
  /** Undoes a decision about people. */
  deletePeopleActsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** All alert rules, by their ids, and how each fares. */
  getRules: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      rules: Array<{
        id: string
        name: string
        about: string
        condition: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        channels: Array<string>
        enabled: boolean
        origin: 'file' | 'console'
        runBy: 'engine' | 'Watcher' | 'nothing'
        problem: string | null
        lastFired: number | null
        fired: number
        judged: number
        matched: number
        micros: number
      }>
      problem: string | null
    }
  }
  /** One rule with its text and its earlier texts. */
  getRulesId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      rule: {
        id: string
        name: string
        about: string
        condition: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        channels: Array<string>
        enabled: boolean
        origin: 'file' | 'console'
        runBy: 'engine' | 'Watcher' | 'nothing'
        problem: string | null
        lastFired: number | null
        fired: number
        judged: number
        matched: number
        micros: number
      }
      text: string
      version: number
      changed: { at: number; by: string } | null
      changes: Array<{ at: number; by: string; text: string }>
    }
  }
  /** Saves the text of a rule in the store. It takes precedence over a file of the same name. A text with mistakes is refused; 412 if `version` is not the current one any more. */
  putRulesId: {
    params: { id: string }
    query: Record<never, never>
    body: { text: string; version?: number | undefined; enabled?: boolean | undefined }
    answer: {
      rule: {
        id: string
        name: string
        about: string
        condition: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        channels: Array<string>
        enabled: boolean
        origin: 'file' | 'console'
        runBy: 'engine' | 'Watcher' | 'nothing'
        problem: string | null
        lastFired: number | null
        fired: number
        judged: number
        matched: number
        micros: number
      }
      text: string
      version: number
      changed: { at: number; by: string } | null
      changes: Array<{ at: number; by: string; text: string }>
    }
  }
  /** Removes a rule from the store. If a file has it too, the text of the file counts again. */
  deleteRulesId: {
    params: { id: string }
    query: { version?: number | undefined }
    body: undefined
    answer: undefined
  }
  /** Switches a rule on or off, also one that is a file. */
  postRulesIdEnabled: {
    params: { id: string }
    query: Record<never, never>
    body: { enabled: boolean }
    answer: {
      rule: {
        id: string
        name: string
        about: string
        condition: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        channels: Array<string>
        enabled: boolean
        origin: 'file' | 'console'
        runBy: 'engine' | 'Watcher' | 'nothing'
        problem: string | null
        lastFired: number | null
        fired: number
        judged: number
        matched: number
        micros: number
      }
      text: string
      version: number
      changed: { at: number; by: string } | null
      changes: Array<{ at: number; by: string; text: string }>
    }
  }
  /** The mistakes in the text of a rule, and what the rule finds in its examples. Saves nothing. */
  postRulesCheck: {
    params: Record<never, never>
    query: Record<never, never>
    body: { text: string }
    answer: {
      query: {
        join: 'and' | 'or'
        rows: Array<{
          field: string
          operator:
            | 'is'
            | 'is-not'
            | 'contains'
            | 'begins'
            | 'gt'
            | 'gte'
            | 'lt'
            | 'lte'
            | 'exists'
            | 'missing'
          value: string
        }>
      } | null
      problems: Array<{ line: number | null; sentence: string }>
      examples: Array<{ is: string; expected: number; found: number }>
    }
  }
  /** When a rule would have fired on stored events. It judges at most 500000 events, and ends after 10 seconds. */
  postRulesBacktest: {
    params: Record<never, never>
    query: Record<never, never>
    body: { text: string; from: number; to: number }
    answer: {
      alerts: Array<{
        at: number
        last: number
        group: Record<string, string>
        count: number
        message: string
      }>
      total: number
      perDay: Array<{ day: string; alerts: number }>
      until: number
    }
  }
  /** Which rules match an event, and which conditions of the others it does not meet. With `rule` or `text` also whether the event meets the condition of that rule. */
  postRulesExplain: {
    params: Record<never, never>
    query: Record<never, never>
    body: { event: string; rule?: string | undefined; text?: string | undefined }
    answer: {
      rules: Array<{
        id: string
        name: string
        enabled: boolean
        matches: boolean
        steps: Array<{ depth: number; is: string; met: boolean; found: Array<string> }>
        group: Record<string, string> | null
        condition: string
        fires: boolean | null
      }>
    }
  }
  /** Messages about incidents: those that wait, and those of the past 30 days. The newest first. */
  getOutbox: {
    params: Record<never, never>
    query: {
      state?: 'waiting' | 'held' | 'sent' | 'combined' | 'failed' | undefined
      limit?: string | undefined
    }
    body: undefined
    answer: {
      messages: Array<{
        id: string
        channel: string
        target: string
        to: string
        occasion:
          | 'opened'
          | 'worse'
          | 'reopened'
          | 'reminder'
          | 'escalation'
          | 'resolved'
          | 'digest'
          | 'test'
          | 'report'
        incident: string
        title: string
        priority: 'low' | 'medium' | 'high' | 'critical'
        created: number
        state: 'waiting' | 'held' | 'sent' | 'combined' | 'failed'
        due: number
        attempts: number
        reason: string | null
        finished: number | null
      }>
      total: number
      states: Record<string, number>
    }
  }
  /** Sends a message again that failed or waits; it is tried for two more days. */
  postOutboxIdRetry: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      channel: string
      target: string
      to: string
      occasion:
        | 'opened'
        | 'worse'
        | 'reopened'
        | 'reminder'
        | 'escalation'
        | 'resolved'
        | 'digest'
        | 'test'
        | 'report'
      incident: string
      title: string
      priority: 'low' | 'medium' | 'high' | 'critical'
      created: number
      state: 'waiting' | 'held' | 'sent' | 'combined' | 'failed'
      due: number
      attempts: number
      reason: string | null
      finished: number | null
    }
  }
  /** The channels of the settings and how they fare, without secrets. */
  getChannels: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      channels: Array<{
        name: string
        targets: Array<{
          name: string
          kind: string
          about: string
          state: 'working' | 'failing' | 'unused'
          sent: number | null
          reason: string | null
          waiting: number
          held: number
          failed: number
        }>
      }>
      unknown: Array<string>
      mail: boolean
      onCall: Record<string, string>
    }
  }
  /** Sends a test message to all targets of a channel, and waits up to 50 seconds for the results. */
  postChannelsNameTest: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: { results: Array<{ target: string; to: string; sent: boolean; reason: string | null }> }
  }
  /** Silences, with those that ended within 30 days. */
  getSilences: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      silences: Array<{
        id: string
        about: {
          rules?: Array<string> | undefined
          channels?: Array<string> | undefined
          users?: Array<string> | undefined
          addresses?: Array<string> | undefined
          'up-to'?: 'low' | 'medium' | 'high' | 'critical' | undefined
        }
        from: number
        until: number
        reason: string
        by: string
      }>
    }
  }
  /** Silences notifications about some alerts until a time. The alerts themselves go on. */
  postSilences: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      about: {
        rules?: Array<string> | undefined
        channels?: Array<string> | undefined
        users?: Array<string> | undefined
        addresses?: Array<string> | undefined
        'up-to'?: 'low' | 'medium' | 'high' | 'critical' | undefined
      }
      from?: number | undefined
      until: number
      reason: string
    }
    answer: {
      id: string
      about: {
        rules?: Array<string> | undefined
        channels?: Array<string> | undefined
        users?: Array<string> | undefined
        addresses?: Array<string> | undefined
        'up-to'?: 'low' | 'medium' | 'high' | 'critical' | undefined
      }
      from: number
      until: number
      reason: string
      by: string
    }
  }
  /** Ends a silence now. */
  deleteSilencesId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Legal holds, also those that have ended. */
  getHolds: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      holds: Array<{
        id: string
        query: string
        case: string
        by: string
        made: number
        until: number | null
        ended: { at: number; by: string } | null
      }>
    }
  }
  /** Keeps all events that a query finds, in the store and in the archive, until an end date or the end of the hold. */
  postHolds: {
    params: Record<never, never>
    query: Record<never, never>
    body: { query: string; case: string; until?: number | null | undefined }
    answer: {
      id: string
      query: string
      case: string
      by: string
      made: number
      until: number | null
      ended: { at: number; by: string } | null
    }
  }
  /** Changes the end date of a hold. */
  putHoldsId: {
    params: { id: string }
    query: Record<never, never>
    body: { until: number | null }
    answer: {
      id: string
      query: string
      case: string
      by: string
      made: number
      until: number | null
      ended: { at: number; by: string } | null
    }
  }
  /** Ends a hold. It stays in the list. */
  deleteHoldsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      id: string
      query: string
      case: string
      by: string
      made: number
      until: number | null
      ended: { at: number; by: string } | null
    }
  }
  /** Writes the events that a query finds as objects of the archive, and answers when they were read back. */
  postArchiveExports: {
    params: Record<never, never>
    query: Record<never, never>
    body: { name: string; query: string; until?: number | null | undefined }
    answer: {
      objects: Array<{
        name: string
        of:
          | {
              kind: 'partition'
              category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
              partition: string
              part: number
            }
          | { kind: 'query'; query: string; part: number }
        place: string
        events: number
        waybills: number
        bytes: number
        sha256: string
        received: { first: number; last: number } | null
        happened: { first: number; last: number } | null
        written: number
        verified: number
        problem: string | null
        until: number | null
        lockedUntil: number | null
        key: string
      }>
    }
  }
  /** Encrypts the keys of all objects with the first key of `archive.keys`. The objects stay as they are. */
  postArchiveRotateKey: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { objects: number }
  }
  /** What is restored, and how far. */
  getArchiveRestores: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      restores: Array<{
        id: string
        objects: Array<string>
        by: string
        made: number
        until: number
        events: number
        of: number
        state: 'copying' | 'ready' | 'failed'
        problem: string | null
      }>
    }
  }
  /** Makes archived events searchable again, in a place of their own. It goes on in the background; `/v1/search?restored=ID` searches what is there. */
  postArchiveRestores: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      from: number
      to: number
      categories?: Array<'security' | 'activity' | 'change' | 'system' | 'api' | 'view'> | null | undefined
      until: number
    }
    answer: {
      id: string
      objects: Array<string>
      by: string
      made: number
      until: number
      events: number
      of: number
      state: 'copying' | 'ready' | 'failed'
      problem: string | null
    }
  }
  /** Removes restored events before their end date. They stay in the archive. */
  deleteArchiveRestoresId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** The objects of the archive, and what it does now. */
  getArchive: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      place: string
      locks: boolean
      deletesAfter: boolean
      key: string
      work: { what: string; events: number; of: number } | null
      ran: number | null
      problem: string | null
      objects: Array<{
        name: string
        of:
          | {
              kind: 'partition'
              category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
              partition: string
              part: number
            }
          | { kind: 'query'; query: string; part: number }
        place: string
        events: number
        waybills: number
        bytes: number
        sha256: string
        received: { first: number; last: number } | null
        happened: { first: number; last: number } | null
        written: number
        verified: number
        problem: string | null
        until: number | null
        lockedUntil: number | null
        key: string
      }>
    }
  }
  /** Archives now what the retention table requires, and answers when everything was read back. The indexer also does so by itself. */
  postArchiveRun: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { archived: Array<string> }
  }
  /** Reads an object back as a whole, and answers when that is done. */
  postArchiveVerify: {
    params: Record<never, never>
    query: Record<never, never>
    body: { object: string }
    answer: {
      name: string
      of:
        | {
            kind: 'partition'
            category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
            partition: string
            part: number
          }
        | { kind: 'query'; query: string; part: number }
      place: string
      events: number
      waybills: number
      bytes: number
      sha256: string
      received: { first: number; last: number } | null
      happened: { first: number; last: number } | null
      written: number
      verified: number
      problem: string | null
      until: number | null
      lockedUntil: number | null
      key: string
    }
  }
  /** The reports that can be made. */
  getReports: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      reports: Array<{
        id: string
        title: string
        about: string
        origin: 'supplied' | 'own'
        needs: Array<'users'>
        columns: Array<string>
        sections: Array<string>
        controls: Array<{ framework: string; control: string; demands: string; support: string }>
        problem: string | null
      }>
      problem: string | null
      zone: string
    }
  }
  /** A report for the screen: what all its formats say, and its first rows. It changes nothing. */
  postReportsPreview: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      report: string
      parameters?:
        | {
            from?: string | undefined
            to?: string | undefined
            last?: 'day' | 'week' | 'month' | 'quarter' | 'year' | undefined
            zone?: string | undefined
            users?: Array<string> | undefined
            people?: Array<string> | undefined
            entities?: Array<string> | undefined
            systems?: Array<string> | undefined
            outcomes?: Array<'success' | 'failure' | 'unknown'> | undefined
            q?: string | undefined
            paper?: 'a4' | 'letter' | undefined
          }
        | undefined
    }
    answer: {
      title: string
      about: string
      scope: string
      query: string
      zone: string
      period: { from: number; to: number }
      requested: { by: string; at: number }
      facts: Array<{ name: string; text: string }>
      verdict: { complete: boolean; sentence: string; reasons: Array<string> }
      account: Array<{
        title: string
        note: string
        chart:
          | (
              | {
                  kind: 'time'
                  unit: 'hour' | 'day' | 'week' | 'month'
                  points: Array<{ at: number; count: number }>
                }
              | { kind: 'bars'; bars: Array<{ label: string; count: number }>; others: number }
            )
          | null
        table: {
          columns: Array<{ title: string; kind: 'text' | 'number' | 'time' | 'duration' | 'share' | 'id' }>
          rows: Array<Array<string | number | null>>
          more: number
        } | null
        events?: { query: string; by: string | null; rows: Array<string> } | undefined
      }>
      checkpoint: string | null
      findings: Array<{
        title: string
        note: string
        chart:
          | (
              | {
                  kind: 'time'
                  unit: 'hour' | 'day' | 'week' | 'month'
                  points: Array<{ at: number; count: number }>
                }
              | { kind: 'bars'; bars: Array<{ label: string; count: number }>; others: number }
            )
          | null
        table: {
          columns: Array<{ title: string; kind: 'text' | 'number' | 'time' | 'duration' | 'share' | 'id' }>
          rows: Array<Array<string | number | null>>
          more: number
        } | null
        events?: { query: string; by: string | null; rows: Array<string> } | undefined
      }>
      rows: {
        columns: Array<{
          title: string
          kind: 'text' | 'number' | 'time' | 'duration' | 'share' | 'id'
          field: string
        }>
        count: number
        order: 'newest' | 'oldest'
        first: Array<Array<string | number | null>>
      } | null
      controls: Array<{ framework: string; control: string; demands: string; support: string }>
    }
  }
  /** Which requirements of standards have evidence in a period, and which lack a source. */
  getCoverage: {
    params: Record<never, never>
    query: {
      from?: string | undefined
      to?: string | undefined
      last?: 'day' | 'week' | 'month' | 'quarter' | 'year' | undefined
    }
    body: undefined
    answer: {
      period: { from: number; to: number }
      frameworks: Array<{
        id: string
        title: string
        version: string
        controls: Array<{
          control: string
          demands: string
          state: 'evidence' | 'no-report' | 'no-source'
          events: number
          reports: Array<{
            id: string
            title: string
            support: string
            last: { job: string; at: number; complete: boolean } | null
          }>
          lacks: string | null
        }>
      }>
    }
  }
  /** Storage by category and tier, growth, free space, and overdue partitions. */
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
        archived: { objects: number; events: number; bytes: number; damaged: number } | null
        archiveStatus: 'none' | 'absent' | 'failing' | 'damaged' | 'waiting' | 'current'
      }>
      otherBytes: number
      bytes: number
      disk: { total: number; free: number } | null
      archive: { place: string; capacity: number | null; bytes: number; problem: string | null } | null
      growth: number | null
      fullInDays: number | null
      parts?: Array<{ part: string; bytes: number }> | null | undefined
    }
  }
  /** The retention table, and who changed it. */
  getRetention: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      table: {
        security: { searchable: string; archive: string; warm: string; cold: string }
        activity: { searchable: string; archive: string; warm: string; cold: string }
        change: { searchable: string; archive: string; warm: string; cold: string }
        system: { searchable: string; archive: string; warm: string; cold: string }
        api: { searchable: string; archive: string; warm: string; cold: string }
        view: { searchable: string; archive: string; warm: string; cold: string }
      }
      origin: 'file' | 'console'
      version: number
      changed: { at: number; by: string } | null
      earlier: Array<{ at: number; by: string; table: Record<string, unknown> }>
      warnings: Array<string>
    }
  }
  /** Saves a table, which counts from now on in place of that of the file; without a table that of the file counts again. Each change is an event of the audit trail. */
  putRetention: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      table: {
        security: { searchable: string; archive: string; warm: string; cold: string }
        activity: { searchable: string; archive: string; warm: string; cold: string }
        change: { searchable: string; archive: string; warm: string; cold: string }
        system: { searchable: string; archive: string; warm: string; cold: string }
        api: { searchable: string; archive: string; warm: string; cold: string }
        view: { searchable: string; archive: string; warm: string; cold: string }
      } | null
      version: number
    }
    answer: {
      table: {
        security: { searchable: string; archive: string; warm: string; cold: string }
        activity: { searchable: string; archive: string; warm: string; cold: string }
        change: { searchable: string; archive: string; warm: string; cold: string }
        system: { searchable: string; archive: string; warm: string; cold: string }
        api: { searchable: string; archive: string; warm: string; cold: string }
        view: { searchable: string; archive: string; warm: string; cold: string }
      }
      origin: 'file' | 'console'
      version: number
      changed: { at: number; by: string } | null
      earlier: Array<{ at: number; by: string; table: Record<string, unknown> }>
      warnings: Array<string>
    }
  }
  /** What a table would change, and which partitions it would remove. Nothing is saved. */
  postRetentionPreview: {
    params: Record<never, never>
    query: Record<never, never>
    body: {
      table: {
        security: { searchable: string; archive: string; warm: string; cold: string }
        activity: { searchable: string; archive: string; warm: string; cold: string }
        change: { searchable: string; archive: string; warm: string; cold: string }
        system: { searchable: string; archive: string; warm: string; cold: string }
        api: { searchable: string; archive: string; warm: string; cold: string }
        view: { searchable: string; archive: string; warm: string; cold: string }
      }
    }
    answer: {
      table: {
        security: { searchable: string; archive: string; warm: string; cold: string }
        activity: { searchable: string; archive: string; warm: string; cold: string }
        change: { searchable: string; archive: string; warm: string; cold: string }
        system: { searchable: string; archive: string; warm: string; cold: string }
        api: { searchable: string; archive: string; warm: string; cold: string }
        view: { searchable: string; archive: string; warm: string; cold: string }
      }
      changes: Array<{
        category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
        before: string
        after: string
      }>
      removed: Array<{
        name: string
        category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
        events: number
        bytes: number
        first: number
        last: number
      }>
      waiting: Array<{
        name: string
        category: 'security' | 'activity' | 'change' | 'system' | 'api' | 'view'
        events: number
        bytes: number
      }>
    }
  }
  /** The newest checkpoint of the transparency log, signed. */
  getLogCheckpoint: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** A tile or a bundle of entries of the transparency log: `LEVEL/N`, `entries/N`, or with `.p/WIDTH` a partial one. */
  getLogTile: { params: { path: string }; query: Record<never, never>; body: undefined; answer: string }
  /** The note in which the old key of the transparency log signs its new one, from 1. */
  getLogKeysNumber: {
    params: { number: string }
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** All that proves an event, for one who has the keys of the agent and of the transparency log, and nothing else. It has the event as it was sealed, so nobody gets it who sees masked fields. */
  getEventsIdProof: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: {
      format: 'waybill/event-proof/v1'
      event: string
      line: string
      position: number
      path: Array<string>
      manifest: string
      signature: string
      agentKey: string
      log: string
    }
  }
  /** The proof that a waybill is in the transparency log, as a C2SP tlog-proof; its extra data is the entry. */
  getLogProof: {
    params: Record<never, never>
    query: { agent: string; incarnation: string; sequence: string }
    body: undefined
    answer: string
  }
  /** The state of the transparency log, and the keys that sign it. */
  getLog: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      head: {
        origin: string
        size: number
        root: string
        at: number
        keys: Array<{ key: string; until: number | null }>
      } | null
      problem: string | null
      anchors: Array<{ name: string; size: number | null; at: number | null; problem: string | null }>
      witness: { keys: Array<string> } | null
    }
  }
  /** Makes a new key for the transparency log. The old key signs it, and signs checkpoints beside it for a while. */
  postLogRotate: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      head: {
        origin: string
        size: number
        root: string
        at: number
        keys: Array<{ key: string; until: number | null }>
      } | null
      problem: string | null
      anchors: Array<{ name: string; size: number | null; at: number | null; problem: string | null }>
      witness: { keys: Array<string> } | null
    }
  }
  /** The state of the background verification: until when everything was verified, and what it found. */
  getEvidence: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      enabled: boolean
      newest: { to: number | null; waybills: number; events: number; from: number | null; at: number } | null
      whole: { to: number | null; waybills: number; events: number; begun: number } | null
      finished: { to: number | null; waybills: number; events: number; at: number } | null
      findings: Array<{
        at: number
        finding:
          | {
              kind: 'event-changed'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
              fields: Array<{ field: string; sealed: string | null; found: string | null }> | null
            }
          | {
              kind: 'event-removed'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'event-inserted'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'events-swapped'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
              with: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'event-moved'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
              from: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'event-placed-wrongly'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
              where: string
            }
          | {
              kind: 'events-unreadable'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              where: string
            }
          | {
              kind: 'waybills-missing'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              to: number
              namedBy: 'chain' | 'cites' | 'log' | 'checkpoint'
            }
          | {
              kind: 'waybill-changed'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
            }
          | {
              kind: 'waybill-unknown'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              where: string
            }
          | {
              kind: 'root-differs'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
            }
          | {
              kind: 'leaf-hashes-changed'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              positions: Array<number>
            }
          | {
              kind: 'signature-invalid'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
            }
          | {
              kind: 'key-unknown'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              key: string
            }
          | {
              kind: 'key-differs'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              agent: string
              key: string
            }
          | {
              kind: 'chain-broken'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
            }
          | {
              kind: 'waybill-rebuilt'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              logged: string
              anchored: number | null
            }
          | {
              kind: 'waybills-unlogged'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
              to: number
            }
          | {
              kind: 'counts-differ'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number } | null
              what: string
              told: number
              found: number
            }
          | {
              kind: 'duplicate-untraced'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'dead-letter-wrong'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: {
                agent: string
                incarnation: string
                sequence: number
                position: number
                event: string | null
              }
            }
          | {
              kind: 'log-missing'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
            }
          | {
              kind: 'log-truncated'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
              size: number
              trusted: number
            }
          | {
              kind: 'log-rewritten'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
              after: number | null
              trusted: number
            }
          | {
              kind: 'log-damaged'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
              where: string
            }
          | {
              kind: 'checkpoint-invalid'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
            }
          | {
              kind: 'log-repeats'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              origin: string
              index: number
            }
          | {
              kind: 'expired'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              partition: string
              events: number
              at: number
            }
          | {
              kind: 'partition-missing'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              partition: string
              events: number | null
            }
          | {
              kind: 'partition-unlisted'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              partition: string
            }
          | {
              kind: 'expiry-differs'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              partition: string
              told: number
              found: number
            }
          | {
              kind: 'index-differs'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              partition: string
              told: number
              found: number
            }
          | {
              kind: 'time-odd'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              at: { agent: string; incarnation: string; sequence: number }
            }
          | {
              kind: 'archive-damaged'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              object: string
            }
          | {
              kind: 'archive-missing'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              object: string
            }
          | {
              kind: 'archive-unlocked'
              weight: 'wrong' | 'unproved' | 'explained'
              sentence: string
              object: string
            }
      }>
      more: number
      problem: string | null
    }
  }
  /** The keys of the agents and of the transparency log, and its newest checkpoint: what `waybill verify policy` writes into a file. */
  getEvidencePolicy: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      agents: Array<{ id: string; keys: Array<string> }>
      logs: Array<{ origin: string; keys: Array<string> }>
      checkpoints: Array<string>
    }
  }
  /** The process lives. */
  getHealthz: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { alive: true }
  }
  /** The store accepts events; otherwise 503 with a sentence that names the problem. `warnings` list problems that an operator should correct soon. */
  getReadyz: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: { ready: true; warnings?: Array<string> | undefined }
  }
  /** What needs somebody now, the most serious first: open incidents, silent agents, gaps, findings of the verification, full disks. It has what the asker may see. */
  getAttention: {
    params: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: {
      items: Array<{
        priority: 'low' | 'medium' | 'high' | 'critical'
        sentence: string
        remedy: string
        since: number | null
        place:
          | 'incidents'
          | 'alerts'
          | 'agents'
          | 'dead-letters'
          | 'evidence'
          | 'archives'
          | 'storage'
          | 'rules'
          | 'reports'
        id: string | null
      }>
      more: number
      checked: Array<'incidents' | 'operation'>
    }
  }
  /** Figures for Prometheus. */
  getMetrics: { params: Record<never, never>; query: Record<never, never>; body: undefined; answer: string }
  /** Signs in with name and password. `wants` names what the client must still send. */
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
        | 'respond'
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
      firstPassword: boolean
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** The user of the request, the permissions, and the header that a change with a cookie needs. */
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
        | 'respond'
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
      firstPassword: boolean
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
        | 'respond'
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
      firstPassword: boolean
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** Changes your own password. All other sessions end; this one continues with a new secret. */
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
        | 'respond'
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
      firstPassword: boolean
      csrf: string | null
      expires: number | null
      token: string | null
    }
  }
  /** Begins to set up a second factor (TOTP). It applies once a code of it has been sent. */
  postSessionSecondFactorOffer: {
    params: Record<never, never>
    query: Record<never, never>
    body: { password: string }
    answer: { secret: string; uri: string }
  }
  /** A code of the app: from now on each sign-in needs one. Your other sessions end. */
  postSessionSecondFactorConfirm: {
    params: Record<never, never>
    query: Record<never, never>
    body: { code: string; tokens?: 'keep' | 'revoke' | undefined }
    answer: { recoveryCodes: Array<string> }
  }
  /** Removes your own second factor. Your other sessions end. */
  postSessionSecondFactorRemove: {
    params: Record<never, never>
    query: Record<never, never>
    body: { password: string; tokens?: 'keep' | 'revoke' | undefined }
    answer: undefined
  }
  /** Your open sessions. */
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
  /** Ends one of your sessions. */
  deleteSessionsId: {
    params: { id: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** The ways to sign in here, besides name and password. */
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
  /** Signs out a browser here, and gives the address that signs it out at its provider. */
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
        email: string | null
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
      email?: string | null | undefined
    }
    answer: {
      user: {
        name: string
        fullName: string
        role: 'viewer' | 'auditor' | 'manager' | 'admin'
        limits: { namespaces: Array<string> | null; entities: Array<string> | null }
        email: string | null
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
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Removes a user, with their sessions, tokens and saved searches. The audit trail keeps their actions. */
  deleteUsersName: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Changes the role of a user. Their sessions end. */
  postUsersNameRole: {
    params: { name: string }
    query: Record<never, never>
    body: { role: 'viewer' | 'auditor' | 'manager' | 'admin' }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Changes the mail address of a user, where reports for their role go; null removes it. */
  postUsersNameEmail: {
    params: { name: string }
    query: Record<never, never>
    body: { email: string | null }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Limits which events a user may see; a member that is left out is not limited. */
  postUsersNameLimits: {
    params: { name: string }
    query: Record<never, never>
    body: { namespaces?: Array<string> | null | undefined; entities?: Array<string> | null | undefined }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Locks a user. Their sessions end, and their tokens stop working until they are unlocked. */
  postUsersNameLock: {
    params: { name: string }
    query: Record<never, never>
    body: { reason?: string | undefined }
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Unlocks a user. */
  postUsersNameUnlock: {
    params: { name: string }
    query: Record<never, never>
    body: undefined
    answer: {
      name: string
      fullName: string
      role: 'viewer' | 'auditor' | 'manager' | 'admin'
      limits: { namespaces: Array<string> | null; entities: Array<string> | null }
      email: string | null
      provider: string | null
      secondFactor: boolean
      oneTimePassword: boolean
      locked: { since: number; until: number | null; reason: string } | null
      created: number
      passwordChanged: number
    }
  }
  /** Makes a password for one sign-in. The user’s sessions end. */
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
        email: string | null
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
  /** Your tokens; with the permission to manage users, all tokens. Those of indexer.yml are not included. */
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
          | 'respond'
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
  /** Makes a token, with at most your own permissions. It is shown only once. */
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
        | 'respond'
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
        | 'respond'
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
    postJobs: { method: 'POST', path: '/v1/jobs' },
    getJobs: { method: 'GET', path: '/v1/jobs' },
    getJobsId: { method: 'GET', path: '/v1/jobs/{id}' },
    deleteJobsId: { method: 'DELETE', path: '/v1/jobs/{id}' },
    postJobsIdCancel: { method: 'POST', path: '/v1/jobs/{id}/cancel' },
    getJobsIdFilesName: { method: 'GET', path: '/v1/jobs/{id}/files/{name}' },
    getReportSchedules: { method: 'GET', path: '/v1/report-schedules' },
    getReportSchedulesId: { method: 'GET', path: '/v1/report-schedules/{id}' },
    putReportSchedulesId: { method: 'PUT', path: '/v1/report-schedules/{id}' },
    deleteReportSchedulesId: { method: 'DELETE', path: '/v1/report-schedules/{id}' },
    postReportSchedulesIdRun: { method: 'POST', path: '/v1/report-schedules/{id}/run' },
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
    getAlerts: { method: 'GET', path: '/v1/alerts' },
    postAlerts: { method: 'POST', path: '/v1/alerts' },
    getAlertsUnseen: { method: 'GET', path: '/v1/alerts/unseen' },
    getAlertsResponders: { method: 'GET', path: '/v1/alerts/responders' },
    postAlertsSeen: { method: 'POST', path: '/v1/alerts/seen' },
    getAlertsId: { method: 'GET', path: '/v1/alerts/{id}' },
    getAlertsIdEvidence: { method: 'GET', path: '/v1/alerts/{id}/evidence' },
    postAlertsActions: { method: 'POST', path: '/v1/alerts/actions' },
    getIncidents: { method: 'GET', path: '/v1/incidents' },
    getIncidentsId: { method: 'GET', path: '/v1/incidents/{id}' },
    getCases: { method: 'GET', path: '/v1/cases' },
    postCases: { method: 'POST', path: '/v1/cases' },
    getCasesId: { method: 'GET', path: '/v1/cases/{id}' },
    putCasesId: { method: 'PUT', path: '/v1/cases/{id}' },
    deleteCasesId: { method: 'DELETE', path: '/v1/cases/{id}' },
    postCasesIdPins: { method: 'POST', path: '/v1/cases/{id}/pins' },
    deleteCasesIdPinsPin: { method: 'DELETE', path: '/v1/cases/{id}/pins/{pin}' },
    getCasesIdBundle: { method: 'GET', path: '/v1/cases/{id}/bundle' },
    getPeople: { method: 'GET', path: '/v1/people' },
    getPeopleOne: { method: 'GET', path: '/v1/people/one' },
    getPeopleActs: { method: 'GET', path: '/v1/people/acts' },
    postPeopleActs: { method: 'POST', path: '/v1/people/acts' },
    deletePeopleActsId: { method: 'DELETE', path: '/v1/people/acts/{id}' },
    getRules: { method: 'GET', path: '/v1/rules' },
    getRulesId: { method: 'GET', path: '/v1/rules/{id}' },
    putRulesId: { method: 'PUT', path: '/v1/rules/{id}' },
    deleteRulesId: { method: 'DELETE', path: '/v1/rules/{id}' },
    postRulesIdEnabled: { method: 'POST', path: '/v1/rules/{id}/enabled' },
    postRulesCheck: { method: 'POST', path: '/v1/rules/check' },
    postRulesBacktest: { method: 'POST', path: '/v1/rules/backtest' },
    postRulesExplain: { method: 'POST', path: '/v1/rules/explain' },
    getOutbox: { method: 'GET', path: '/v1/outbox' },
    postOutboxIdRetry: { method: 'POST', path: '/v1/outbox/{id}/retry' },
    getChannels: { method: 'GET', path: '/v1/channels' },
    postChannelsNameTest: { method: 'POST', path: '/v1/channels/{name}/test' },
    getSilences: { method: 'GET', path: '/v1/silences' },
    postSilences: { method: 'POST', path: '/v1/silences' },
    deleteSilencesId: { method: 'DELETE', path: '/v1/silences/{id}' },
    getHolds: { method: 'GET', path: '/v1/holds' },
    postHolds: { method: 'POST', path: '/v1/holds' },
    putHoldsId: { method: 'PUT', path: '/v1/holds/{id}' },
    deleteHoldsId: { method: 'DELETE', path: '/v1/holds/{id}' },
    postArchiveExports: { method: 'POST', path: '/v1/archive/exports' },
    postArchiveRotateKey: { method: 'POST', path: '/v1/archive/rotate-key' },
    getArchiveRestores: { method: 'GET', path: '/v1/archive/restores' },
    postArchiveRestores: { method: 'POST', path: '/v1/archive/restores' },
    deleteArchiveRestoresId: { method: 'DELETE', path: '/v1/archive/restores/{id}' },
    getArchive: { method: 'GET', path: '/v1/archive' },
    postArchiveRun: { method: 'POST', path: '/v1/archive/run' },
    postArchiveVerify: { method: 'POST', path: '/v1/archive/verify' },
    getReports: { method: 'GET', path: '/v1/reports' },
    postReportsPreview: { method: 'POST', path: '/v1/reports/preview' },
    getCoverage: { method: 'GET', path: '/v1/coverage' },
    getStorage: { method: 'GET', path: '/v1/storage' },
    getRetention: { method: 'GET', path: '/v1/retention' },
    putRetention: { method: 'PUT', path: '/v1/retention' },
    postRetentionPreview: { method: 'POST', path: '/v1/retention/preview' },
    getLogCheckpoint: { method: 'GET', path: '/log/checkpoint' },
    getLogTile: { method: 'GET', path: '/log/tile/{path}' },
    getLogKeysNumber: { method: 'GET', path: '/log/keys/{number}' },
    getEventsIdProof: { method: 'GET', path: '/v1/events/{id}/proof' },
    getLogProof: { method: 'GET', path: '/v1/log/proof' },
    getLog: { method: 'GET', path: '/v1/log' },
    postLogRotate: { method: 'POST', path: '/v1/log/rotate' },
    getEvidence: { method: 'GET', path: '/v1/evidence' },
    getEvidencePolicy: { method: 'GET', path: '/v1/evidence/policy' },
    getHealthz: { method: 'GET', path: '/healthz' },
    getReadyz: { method: 'GET', path: '/readyz' },
    getAttention: { method: 'GET', path: '/v1/attention' },
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
    postUsersNameEmail: { method: 'POST', path: '/v1/users/{name}/email' },
    postUsersNameLimits: { method: 'POST', path: '/v1/users/{name}/limits' },
    postUsersNameLock: { method: 'POST', path: '/v1/users/{name}/lock' },
    postUsersNameUnlock: { method: 'POST', path: '/v1/users/{name}/unlock' },
    postUsersNameReset: { method: 'POST', path: '/v1/users/{name}/reset' },
    getTokens: { method: 'GET', path: '/v1/tokens' },
    postTokens: { method: 'POST', path: '/v1/tokens' },
    deleteTokensId: { method: 'DELETE', path: '/v1/tokens/{id}' },
    getOpenapiJson: { method: 'GET', path: '/v1/openapi.json' },
  }
