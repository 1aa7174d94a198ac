/** The file of a new rule. It is valid as it is, and its comments say what to change. */
export const ruleTemplate = (
  id: string,
): string => `# The alert rule ${id}. docs/alerts.md describes every key.
# Check it with \`waybill rules check ${id}.yml\`, and test it with \`waybill rules test ${id} --rules .\`

# What people read in lists and messages.
name: ${id}
about: Many exports by one user within an hour.

# The events that it is about, in the language of the console's search; without times.
query: "action: *export*"

# Events with the same values of these fields are judged together; up to three fields.
group-by: [user.name]

# When these events become an alert. One of:
#   event                                                  each event
#   { count: { at-least: 5, within: 10m } }                this many events
#   { distinct: { field: source.ip, at-least: 5, within: 10m } }   this many different values
#   { new-value: { field: source.ip, within: 30d } }       a value that the group did not have
#   { sum: { field: audit.record_count, at-least: 10000, within: 1h } }   a number adds up to this
#   { sequence: { followed-by: "outcome: success", within: 10m } }   events of another query follow
#   { absence: { for: 26h } }                              no such event for this time
#   { schedule: { from: "22:00", to: "06:00" } }           each event at these hours
condition: { count: { at-least: 5, within: 1h } }

# low, medium, high or critical
priority: medium

# Whom it tells: names of the channels in indexer.yml. in-app tells nobody else: the console shows every alert.
channels: [in-app]

# {field} is the value of the last event, {count} the number of events.
message: "{user.name} made {count} exports within an hour"

# After an alert, no other one of the same group for this time.
throttle: 1h

# What the recipient should do.
response: Ask the user what the exports were for.

# Events that the rule must find, and events that it must not find.
example: { event.action: Export, user.name: jane }
examples:
  - is: five exports in 40 minutes
    fires: 1
    events: [{ at: 2026-01-22T10:00:00Z, times: 5, every: 10m }]
  - is: four exports
    fires: 0
    events: [{ at: 2026-01-22T10:00:00Z, times: 4, every: 10m }]
`
