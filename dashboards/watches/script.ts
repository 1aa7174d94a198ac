/**
 * The script that a watch runs over the events that it found: it does the same as the built-in engine's `Judge`, in Elasticsearch's own
 * language. Its parameters hold the rule. `fresh` are the events that arrived since the watch ran last; for a rule that counts, `around`
 * are all events whose `@timestamp` is near theirs. A window fires if one of its events is fresh. If there are more events than a search
 * returns, an alert gives the number of those that were not looked at.
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

void relate(Map alert, def source) {
  for (def kind : ['user', 'ip']) {
    List known = alert.related.get(kind);
    for (def value : valuesAt(source, 'related.' + kind)) { if (known.size() < 100 && !known.contains(value)) known.add(value); }
  }
}

void goesOn(Map alert, def source) {
  alert.alert.put('count', (int) alert.alert.count + 1);
  if (alert.alert.events.size() < 1000) alert.alert.events.addAll(valuesAt(source, 'event.id'));
  relate(alert, source);
}

long runAt = ctx.trigger.scheduled_time.toInstant().toEpochMilli();
// What happened while no watch ran is judged by the first one that does.
def before = ctx.payload.last.hits.hits;
long freshFrom = before.size() > 0 ? ZonedDateTime.parse(before.get(0)._source.value).toInstant().toEpochMilli() : runAt - params.freshFrom;
long freshTo = runAt - params.freshTo;
if ((long) ctx.payload.fresh.hits.total == 0) return ['_doc': []];
boolean windowed = params.within > 0;
def found = windowed ? ctx.payload.around.hits : ctx.payload.fresh.hits;
Map groups = new LinkedHashMap();
Map namesOf = new HashMap();
for (def hit : found.hits) {
  List key = new ArrayList();
  List names = new ArrayList();
  for (def alternatives : params.groupBy) {
    for (def field : alternatives) {
      List values = valuesAt(hit._source, field);
      if (values.size() == 0) continue;
      key.add(values.get(0));
      names.add(field);
      break;
    }
  }
  if (key.size() < params.groupBy.size()) {
    if (params.alone == null) continue;
    key = valuesAt(hit._source, params.alone);
    names = [params.alone];
  }
  namesOf.put(key, names);
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
    if (!met) continue;
    boolean isLater = at < quietUntil;
    quietUntil = at + params.throttle;
    if (isLater) {
      // The alert goes on: it counts this one, and names whom it is about.
      if (!windowed) goesOn(alerts.get(alerts.size() - 1), hit._source);
      continue;
    }
    List events = new ArrayList();
    for (int i = start; i <= end; i++) events.addAll(valuesAt(hits.get(i)._source, 'event.id'));
    int count = end - start + 1;
    String id = params.rule + '.' + (at / params.throttle) + '.' + String.join('.', entry.getKey());
    Map group = new LinkedHashMap();
    List names = namesOf.get(entry.getKey());
    for (int i = 0; i < names.size(); i++) group.put(names.get(i), entry.getKey().get(i));
    Map alert = alertOf(params, id.length() > 120 ? id.substring(0, 120) + id.hashCode() : id, runAt, at, worded(params.message, hit._source, count), ['count': count, 'group': group, 'events': events]);
    for (def field : ['user.name', 'source.ip']) {
      List values = valuesAt(hit._source, field);
      int dot = field.indexOf('.');
      Map member = new HashMap();
      member.put(field.substring(dot + 1), values.size() > 0 ? values.get(0) : null);
      if (values.size() > 0) alert.put(field.substring(0, dot), member);
    }
    alert.put('related', ['user': new ArrayList(), 'ip': new ArrayList()]);
    for (int i = start; i <= end; i++) relate(alert, hits.get(i)._source);
    alerts.add(alert);
  }
}
int looked = found.hits.size();
long more = (long) found.total - looked;
if (more > 0) {
  long last = looked > 0 ? found.hits.get(looked - 1).sort.get(0) : runAt;
  String message = more + ' more events than the ' + looked + ' that one run looks at match "' + params.name + '", and were not judged. '
    + 'To judge them: waybill rules backtest ' + params.rule + ' --from ' + Instant.ofEpochMilli(last).toString();
  // The first: nothing that takes only the beginning of a long list leaves it out.
  alerts.add(0, alertOf(params, params.rule + '.more.' + runAt, runAt, runAt, message, ['count': more, 'more': more, 'group': [:], 'events': []]));
}
return ['_doc': alerts];
`.trim()

/** The script for the report of a run's alerts to the indexer: a few fields of each, and no more alerts than one request may have. */
export const TELL_SCRIPT = `
String cut(def text, int most) { return text.length() > most ? text.substring(0, most) : text; }

List related(def alert, String kind, int most, int longest) {
  List values = new ArrayList();
  if (alert.containsKey('related')) {
    for (def value : alert.related.get(kind)) { if (values.size() < most) values.add(cut(value, longest)); }
  }
  return values;
}

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
    'events': events.subList(0, (int) Math.min(events.size(), params.events)),
    'users': related(one, 'user', params.related, params.value),
    'addresses': related(one, 'ip', params.related, params.value)
  ]);
}
return ['rule': params.rule, 'execution': ctx.id, 'alerts': told, 'more': alerts.size() - told.size()];
`.trim()

/** The record of a run: what arrived before this time is judged. */
export const SEEN_SCRIPT = `
String until = Instant.ofEpochMilli(ctx.trigger.scheduled_time.toInstant().toEpochMilli() - params.freshTo).toString();
return ['kind': 'watch', 'key': params.rule, 'version': 1, 'value': until];
`.trim()
