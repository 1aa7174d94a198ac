/**
 * What a watch does with the events that it found: the same as the built-in engine's `Judge`, in Elasticsearch's own language.
 * Its parameters say the rule. `fresh` are the events that arrived since the watch ran last; for a rule that counts, `around` are
 * all events whose `@timestamp` is near theirs. A window fires if one of its events is fresh. Where there are more events than a search gives,
 * an alert says how many were not looked at.
 */
export const SCRIPT = `
List valuesAt(def source, String path) {
  def value = source;
  for (def name : path.splitOnToken('.')) {
    if (!(value instanceof Map)) return [];
    value = value.get(name);
  }
  if (value == null || value instanceof Map) return [];
  if (!(value instanceof List)) return [value.toString()];
  List values = new ArrayList();
  for (def item : value) { if (item != null && !(item instanceof Map)) values.add(item.toString()); }
  return values;
}

boolean inHours(long at, Map schedule) {
  ZonedDateTime there = ZonedDateTime.ofInstant(Instant.ofEpochMilli(at), ZoneId.of(schedule.zone));
  int minute = there.getHour() * 60 + there.getMinute();
  boolean overMidnight = schedule.from > schedule.to;
  boolean within = overMidnight ? minute >= schedule.from || minute < schedule.to : minute >= schedule.from && minute < schedule.to;
  if (!within) return false;
  ZonedDateTime began = overMidnight && minute < schedule.to ? there.minusDays(1) : there;
  return schedule.days.contains(began.getDayOfWeek().getValue());
}

String worded(List message, def source, int count) {
  StringBuilder text = new StringBuilder();
  for (def part : message) {
    if (part instanceof String) { text.append(part); continue; }
    if (part.name == 'count') { text.append(count); continue; }
    List values = valuesAt(source, part.name);
    text.append(values.size() == 0 ? '?' : String.join(', ', values));
  }
  return text.toString();
}

Map alertOf(def rule, String id, long runAt, long at, String message, Map said) {
  Map alert = new HashMap();
  alert.put('_id', id);
  alert.put('@timestamp', Instant.ofEpochMilli(at).toString());
  alert.put('message', message);
  alert.put('event', ['kind': 'alert', 'module': 'waybill', 'ingested': Instant.ofEpochMilli(runAt).toString()]);
  alert.put('rule', ['id': rule.rule, 'name': rule.name]);
  // Once more: the action that keeps an alert takes the _id out of it.
  said.put('id', id);
  said.put('priority', rule.priority);
  said.put('channels', rule.channels);
  alert.put('alert', said);
  return alert;
}

long runAt = ctx.trigger.scheduled_time.toInstant().toEpochMilli();
long freshFrom = runAt - params.freshFrom;
long freshTo = runAt - params.freshTo;
boolean windowed = params.within > 0;
def found = windowed ? ctx.payload.around.hits : ctx.payload.fresh.hits;
Map groups = new LinkedHashMap();
for (def hit : found.hits) {
  List key = new ArrayList();
  for (def field : params.groupBy) {
    List values = valuesAt(hit._source, field);
    if (values.size() > 0) key.add(values.get(0));
  }
  if (key.size() < params.groupBy.size()) continue;
  groups.computeIfAbsent(key, k -> new ArrayList()).add(hit);
}

List alerts = new ArrayList();
for (def entry : groups.entrySet()) {
  List hits = entry.getValue();
  long quietUntil = Long.MIN_VALUE;
  int start = 0;
  for (int end = 0; end < hits.size(); end++) {
    def hit = hits.get(end);
    long at = hit.sort.get(0);
    boolean met = true;
    if (windowed) {
      while (at - (long) hits.get(start).sort.get(0) > params.within) start++;
      boolean fresh = false;
      Set values = new HashSet();
      for (int i = start; i <= end; i++) {
        def one = hits.get(i)._source;
        long ingested = ZonedDateTime.parse(one.event.ingested).toInstant().toEpochMilli();
        if (ingested >= freshFrom && ingested < freshTo) fresh = true;
        if (params.distinct != null) values.addAll(valuesAt(one, params.distinct));
      }
      met = fresh && (params.distinct != null ? values.size() : end - start + 1) >= params.atLeast;
    } else {
      start = end;
      if (params.schedule != null) met = inHours(at, params.schedule);
    }
    if (!met || at < quietUntil) continue;
    quietUntil = at + params.throttle;
    List events = new ArrayList();
    for (int i = start; i <= end; i++) events.addAll(valuesAt(hits.get(i)._source, 'event.id'));
    int count = end - start + 1;
    String id = params.rule + '.' + (at / params.throttle) + '.' + String.join('.', entry.getKey());
    Map group = new LinkedHashMap();
    for (int i = 0; i < params.groupBy.size(); i++) group.put(params.groupBy.get(i), entry.getKey().get(i));
    Map alert = alertOf(params, id.length() > 120 ? id.substring(0, 120) + id.hashCode() : id, runAt, at, worded(params.message, hit._source, count), ['count': count, 'group': group, 'events': events]);
    for (def field : ['user.name', 'source.ip']) {
      List values = valuesAt(hit._source, field);
      int dot = field.indexOf('.');
      Map member = new HashMap();
      member.put(field.substring(dot + 1), values.size() > 0 ? values.get(0) : null);
      if (values.size() > 0) alert.put(field.substring(0, dot), member);
    }
    alerts.add(alert);
  }
}
int looked = found.hits.size();
long more = (long) found.total - looked;
if (more > 0) {
  long last = looked > 0 ? found.hits.get(looked - 1).sort.get(0) : runAt;
  String message = more + ' more events than the ' + looked + ' that one run looks at are what "' + params.name + '" watches for, and were not judged. '
    + 'What they mean: waybill rules backtest ' + params.rule + ' --from ' + Instant.ofEpochMilli(last).toString();
  // The first: nothing that takes only the beginning of a long list leaves it out.
  alerts.add(0, alertOf(params, params.rule + '.more.' + runAt, runAt, runAt, message, ['count': more, 'more': more, 'group': [:], 'events': []]));
}
return ['_doc': alerts];
`.trim()

/** What the indexer is told of a run's alerts: little of each, and not of more than it takes in one request. */
export const TELL_SCRIPT = `
String cut(def text, int most) { return text.length() > most ? text.substring(0, most) : text; }

List alerts = ctx.payload._doc;
List told = new ArrayList();
for (int i = 0; i < alerts.size() && i < params.alerts; i++) {
  def one = alerts.get(i);
  Map group = new HashMap();
  for (def entry : one.alert.group.entrySet()) group.put(entry.getKey(), cut(entry.getValue(), params.value));
  List events = one.alert.events;
  told.add([
    'id': one.alert.id,
    'at': one['@timestamp'],
    'message': cut(one.message, params.message),
    'count': one.alert.count,
    'group': group,
    'events': events.subList(0, (int) Math.min(events.size(), params.events))
  ]);
}
return ['rule': params.rule, 'execution': ctx.id, 'alerts': told, 'more': alerts.size() - told.size()];
`.trim()
