/**
 * The catalogue of errors that users see. A code names a kind of failure that has one remedy; the sentence of the error names the place.
 * Codes stay when sentences change, so that people can search for them. `npm run docs` writes `docs/errors.md` from this table.
 */
export const ERRORS = {
  // The command line, and files that it names.
  'WB-USAGE': {
    title: 'The command line is wrong',
    meaning: 'An option or argument is unknown, missing, or has a value that the command does not accept.',
    remedy: 'Read the help of the command (`--help`).',
  },
  'WB-INTERRUPTED': {
    title: 'The command ended before it did anything',
    meaning: 'You answered no, ended the input, or typed two different passwords.',
    remedy: 'Run the command again.',
  },
  'WB-FILE-MISSING': {
    title: 'A file or folder does not exist',
    meaning: 'The command line or a setting names a file or folder that is not there.',
    remedy: 'Check the path. A relative path in a settings file begins at the folder of that file.',
  },
  'WB-FILE-UNREADABLE': {
    title: 'A file can’t be read',
    meaning: 'The user of the process has no permission, the path is a folder, or the disk reports an error.',
    remedy:
      'Run the command as the right user, or correct the permissions of the file and of the folders above it.',
  },
  'WB-FILE-UNWRITABLE': {
    title: 'A file can’t be written',
    meaning: 'The user of the process has no permission, the folder is missing, or the disk is full.',
    remedy: 'Check the folder, its permissions and its free space, or name another file.',
  },
  'WB-FILE-EXISTS': {
    title: 'The output file already exists',
    meaning: '`waybill-agent propose` does not replace a file unless you ask for it.',
    remedy: 'Use `--overwrite`, or another path with `--output`.',
  },
  'WB-FILE-INVALID': {
    title: 'A file has the wrong content',
    meaning: 'A file that should hold a token or the sign-ins of `waybill login` has another content.',
    remedy: 'Remove the file, and sign in or make the token again.',
  },
  'WB-TOKEN-EXPOSED': {
    title: 'Other users can read a file with a token',
    meaning: 'A file that holds a token has permissions for other users than its owner.',
    remedy: '`chmod 600` the file. If others may have read it, revoke the token.',
  },
  'WB-SAMPLE-UNUSABLE': {
    title: 'The sample has no usable records',
    meaning:
      '`waybill-agent test` or `propose` got a file that is too large, damaged, in another encoding, or without records.',
    remedy: 'Give it a part of the file, as UTF-8 text with whole records.',
  },

  // Settings.
  'WB-CONFIG-INVALID': {
    title: 'The settings are wrong',
    meaning:
      'A setting in `agent.yml`, `indexer.yml`, `retention.yml`, an integration or a rule is unknown, missing, or has a wrong value. The message names file, line and setting.',
    remedy: 'Correct the setting. `config/agent.yml` and `config/indexer.yml` list all settings.',
  },
  'WB-CONFIG-PATH': {
    title: 'A relative path in the settings now means another folder',
    meaning:
      'Relative paths begin at the folder of the settings file. An earlier version resolved them against the folder in which the program was started, and its data is there.',
    remedy: 'Write the absolute path of the old folder, which the message names, or move the folder.',
  },
  'WB-CONFIG-RESTART': {
    title: 'A setting can’t change while the program runs',
    meaning: 'A reload (SIGHUP) found a changed setting that needs a restart.',
    remedy: 'Restart the program.',
  },
  'WB-CERTIFICATE-INVALID': {
    title: 'A certificate or key of the settings can’t be used',
    meaning: 'A PEM file can’t be read, holds something else, or the key does not belong to the certificate.',
    remedy: 'Check the paths under `tls`, the permissions, and that certificate and key belong together.',
  },
  'WB-PLAIN-HTTP': {
    title: 'Plain HTTP is not allowed outside this machine',
    meaning: 'An address has `http://` and is not on loopback, so others could read tokens and events.',
    remedy: 'Use `https://`. If the network is trusted, set `allow-plain-http: true`.',
  },
  'WB-LISTEN': {
    title: 'An address can’t be opened',
    meaning:
      'Another program has the port, the address is not on this machine, or a port under 1024 needs a capability.',
    remedy: 'Stop the other program, choose another port, or give the process CAP_NET_BIND_SERVICE.',
  },
  'WB-INTEGRATION-UNKNOWN': {
    title: 'There is no such integration',
    meaning:
      'An input names an integration that does not come with Waybill, or the path of a file that is not there.',
    remedy: 'Choose one from `docs/integrations.md`, or give the path of your `integration.yml`.',
  },
  'WB-ALERT-UNKNOWN': {
    title: 'There is no such alert',
    meaning: 'A command or a request names an alert that the indexer does not have.',
    remedy: '`waybill alerts list` names the alerts. Resolved alerts are kept for 400 days.',
    status: 404,
    kind: 'not-found',
  },
  'WB-RULE-INVALID': {
    title: 'The text of the alert rule has mistakes',
    meaning: 'The YAML of the rule is not as `docs/alerts.md` describes it. The sentence names each line.',
    remedy: 'Correct the lines that are named. `waybill rules check` finds the same mistakes in a file.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-RULE-FILE': {
    title: 'The alert rule is a file',
    meaning:
      'A rule of the folder of rules can be changed and switched off, but only its file can be removed.',
    remedy: 'Remove the file, or switch the rule off.',
    status: 409,
    kind: 'refused',
  },
  'WB-RULE-UNKNOWN': {
    title: 'There is no such alert rule',
    meaning: 'A command or an alert names a rule that is not in the folder of the rules.',
    remedy:
      '`waybill rules list` names the rules. Set `rules` in `indexer.yml` to the folder that `waybill setup --watcher` used.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-PLACES': {
    title: 'The file of places can’t be used',
    meaning: '`enrich.geo.file` can’t be read, or is no unpacked MaxMind DB file.',
    remedy: 'Get an unpacked `.mmdb` file from MaxMind or DB-IP, or remove `enrich.geo`.',
  },

  // An agent and its data folder.
  'WB-DATA-UNUSABLE': {
    title: 'The data folder can’t be used',
    meaning: 'The folder can’t be made or written, or the path is no folder or no data folder of an agent.',
    remedy: 'Give the user of the process the permission, or name another folder.',
  },
  'WB-DATA-FULL': {
    title: 'The disk of the data folder is full',
    meaning: 'The agent can’t write its state.',
    remedy: 'Free some space; the agent’s state needs a few MB.',
  },
  'WB-DATA-IN-USE': {
    title: 'Another process uses the data folder',
    meaning: 'Two agents or two indexers can’t share one folder.',
    remedy: 'Stop the other process, or give this one a folder of its own.',
  },
  'WB-DATA-NEWER': {
    title: 'A newer version wrote the data folder',
    meaning: 'This version can’t read the format of the folder.',
    remedy: 'Run the newer version, or restore a backup from before the upgrade.',
  },
  'WB-LOG-ORIGIN': {
    title: 'The transparency log has another origin',
    meaning:
      'A setting gives the transparency log a new name. Checkpoints and witnesses know it by its first one.',
    remedy: 'Write the origin that the message names. For a new log, move the old one away, and keep it.',
  },
  'WB-LOG-KEY': {
    title: 'The transparency log can’t be signed',
    meaning: 'A key of the transparency log is missing or damaged, or the command that signs failed.',
    remedy: 'Restore the key from a backup, or correct the command. The message names the place.',
  },
  'WB-LOG-DAMAGED': {
    title: 'The files of the transparency log are damaged',
    meaning: 'The files of the transparency log contradict its checkpoint, or its state can’t be read.',
    remedy:
      'Restore the log from a backup that is as new as possible. Find out who or what changed the files.',
  },
  'WB-POLICY-CHECKPOINT': {
    title: 'A checkpoint of a policy can’t be trusted',
    meaning:
      'A policy of `waybill verify` names a checkpoint that is damaged, or that no key of the policy signed.',
    remedy: 'Remove the checkpoint from the policy, or add the key of its log or witness if you trust it.',
  },
  'WB-DATA-DAMAGED': {
    title: 'A file of the data folder is damaged or missing',
    meaning: 'The identity, a key or the state can’t be read.',
    remedy: 'Follow the message: restore the file from a backup, or remove it. Check the disk.',
  },
  'WB-AGENT-NOT-RUNNING': {
    title: 'No agent runs on the data folder',
    meaning: 'The command needs a running or enrolled agent.',
    remedy: 'Start the agent (`waybill-agent run`), and check `--config`.',
  },
  'WB-AGENT-DENIED': {
    title: 'No permission to talk to the agent',
    meaning: 'Only the user that runs the agent may use its socket.',
    remedy: 'Run the command as that user, for example with `sudo -u waybill-agent`.',
  },
  'WB-AGENT-REFUSED': {
    title: 'The running agent refused the request',
    meaning: 'The agent could not do what the command asked, or has another version than the command.',
    remedy: 'Follow the message, and use the command of the version that runs.',
  },
  'WB-AGENT-ENROLLED': {
    title: 'The agent is already enrolled',
    meaning: 'The data folder has the identity of an enrolled agent.',
    remedy: 'For another agent use another data folder.',
  },
  'WB-SERVICE': {
    title: 'The systemd service could not be handled',
    meaning: 'systemctl failed while a command set up this host.',
    remedy: 'Follow the message; `journalctl -u UNIT` has the reason.',
  },
  'WB-BATCH-UNKNOWN': {
    title: 'There is no such batch',
    meaning: 'The spool or the quarantine has no batch of that name, or the agent is already handling it.',
    remedy: '`waybill-agent spool list` and `waybill-agent quarantine list` name the batches.',
  },
  'WB-ENROL-REFUSED': {
    title: 'The indexer does not enroll the agent',
    meaning: 'The enrolment token is missing, wrong, used or expired, or is limited to other hosts.',
    remedy: 'Make a token with `waybill agents token` and pass it as WAYBILL_TOKEN.',
  },

  // Reaching an indexer.
  'WB-INDEXER-UNREACHABLE': {
    title: 'The indexer can’t be reached',
    meaning: 'No connection could be made, or it broke.',
    remedy: 'Check the address, that the indexer runs, and firewalls and proxies in between.',
  },
  'WB-INDEXER-UNTRUSTED': {
    title: 'The indexer’s certificate is not trusted',
    meaning:
      'The certificate is of an authority that this machine does not know, is expired, or names another host.',
    remedy:
      'Set `tls.ca` in `agent.yml`, or NODE_EXTRA_CA_CERTS for `waybill`, to the PEM file of the authority.',
  },
  'WB-NO-INDEXER': {
    title: 'Something other than an indexer answers',
    meaning: 'The answer does not have the form of an indexer’s answers.',
    remedy: 'Check address, port, and proxies in between.',
  },
  'WB-VERSION': {
    title: 'Indexer and command have different versions',
    meaning: 'The indexer’s answer lacks something that this version needs.',
    remedy: 'Update the older of the two.',
  },
  'WB-REFUSED': {
    title: 'The indexer refused',
    meaning: 'The indexer refused the request and gave no code, as older versions do.',
    remedy: 'Read its sentence, and the indexer’s log.',
  },

  // Signing in, and rights.
  'WB-SIGN-IN-NEEDED': {
    title: 'Sign in first',
    meaning: 'The request needs a session or a token, and has none.',
    remedy: '`waybill login`, or send `Authorization: Bearer <token>`.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-SIGN-IN-FAILED': {
    title: 'The sign-in failed',
    meaning:
      'Name, password or code are wrong, or the user is locked. The answer is the same for all, so that nobody can find out names.',
    remedy:
      'Try again. An admin sees the reason in the audit trail (`source: waybill and action: sign-in and outcome: failure`).',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-TOKEN-INVALID': {
    title: 'The token is not valid',
    meaning: 'The token is unknown, has expired, was revoked, or its owner may not sign in any more.',
    remedy: '`waybill tokens` lists your tokens; make a new one with `waybill tokens create`.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-SECOND-STEP': {
    title: 'The sign-in is not complete',
    meaning: 'The session still needs the code of the second factor, or a new password.',
    remedy: 'Finish the sign-in first.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-PASSWORD-WRONG': {
    title: 'The current password is wrong',
    meaning: 'This change needs your current password.',
    remedy: 'Type it again. If you have forgotten it, ask an admin for `waybill users reset`.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-PASSWORD-REFUSED': {
    title: 'The new password is not allowed',
    meaning: 'It is too short, too common, contains your name or the word Waybill, or is the old one.',
    remedy: 'Choose another password of 12 characters or more.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-CODE-WRONG': {
    title: 'The code of the second factor is wrong',
    meaning: 'The app shows another code now, or its clock is wrong.',
    remedy: 'Correct the clock of the device, and type the code that the app shows now.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-SECOND-FACTOR': {
    title: 'The second factor is in another state',
    meaning: 'There already is a second factor, setting it up was not begun, or no code is needed.',
    remedy: 'Remove the present factor first, or begin again.',
    status: 409,
    kind: 'refused',
  },
  'WB-SECRETS-KEY': {
    title: 'A secret is encrypted with another key',
    meaning:
      'The store has secrets of second factors, or the key of the authority for agents, that another indexer encrypted with a key of its own.',
    remedy:
      'Give all indexers of the cluster the same `secrets-key` in `indexer.yml`. If the key is lost, let an administrator remove the second factor, and renew the authority.',
    status: 500,
    kind: 'internal',
  },
  'WB-PROVIDER-USER': {
    title: 'The user signs in at your organisation',
    meaning:
      'The provider of OpenID Connect manages password and second factor; `sign-in.openid.roles` sets role and limits.',
    remedy: 'Make the change at the provider or in `indexer.yml`.',
    status: 409,
    kind: 'refused',
  },
  'WB-PROVIDER': {
    title: 'The sign-in at your organisation failed',
    meaning:
      'The provider of OpenID Connect is unreachable, refused you, or gave an answer that the indexer does not accept.',
    remedy:
      'Follow the message. An admin sees the reason in the audit trail (`source: waybill and action: sign-in and outcome: failure`).',
  },
  'WB-TOO-MANY-ATTEMPTS': {
    title: 'Too many failed attempts',
    meaning: 'After failures the indexer delays further attempts at a name or from an address.',
    remedy: 'Wait for the time in `Retry-After`. An admin can unlock a name: `waybill users unlock NAME`.',
    status: 429,
    kind: 'busy',
  },
  'WB-SIGN-IN-BUSY': {
    title: 'Too many people sign in at this moment',
    meaning: 'The indexer checks two passwords at once and lets 32 wait.',
    remedy: 'Try again in a few seconds.',
    status: 503,
    kind: 'busy',
  },
  'WB-FORBIDDEN': {
    title: 'You may not do this',
    meaning: 'Your role, or the scopes of your token, lack the permission that the message names.',
    remedy: 'Ask an admin for the role or scope.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-LIMITED-VIEW': {
    title: 'The figures include events that you may not see',
    meaning:
      'Your access is limited to some events (`waybill users limits`), and this answer covers all events.',
    remedy: 'Use searches and `POST /v1/aggregate`, which count only your events.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-FIELD-MASKED': {
    title: 'The search could reveal masked values',
    meaning:
      'Some fields are masked for your role (`masked` in `indexer.yml`), and the search looks into them or their copies.',
    remedy: 'Search in other fields, by name. `docs/security.md` describes what masks allow.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-FOREIGN-REQUEST': {
    title: 'The request comes from another site or through a proxy',
    meaning:
      'A cookie needs a request from the console’s own page. Without a token only this machine may ask, not a proxy or another host.',
    remedy: 'Open the console at its own address. Programs send a token.',
    status: 403,
    kind: 'forbidden',
  },

  // Requests of people and programs.
  'WB-REQUEST-INVALID': {
    title: 'The request is wrong',
    meaning: 'A parameter, header or the body does not have the form that the route accepts.',
    remedy: 'Correct the part that the message names; `/v1/openapi.json` describes all routes.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-QUERY-INVALID': {
    title: 'The query can’t be understood',
    meaning: 'The message names the column, what was found there and what is expected.',
    remedy: 'Correct the query; `docs/query.md` describes the language.',
    status: 400,
    kind: 'bad-query',
  },
  'WB-TIME-INVALID': {
    title: 'A time or time zone is wrong',
    meaning: 'A text is no time, or no name of a time zone.',
    remedy: 'Write a time as in `docs/query.md`, and a zone as in Europe/Berlin.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-FIELD-UNKNOWN': {
    title: 'There is no such field',
    meaning: 'The schema has no field of that name, and it is no short name.',
    remedy: '`docs/fields.md` lists all fields.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-FIELD-UNCOUNTABLE': {
    title: 'The field can’t be counted, sorted or added up',
    meaning: 'Its values are texts, lists of changes or objects, or are not indexed.',
    remedy: 'Choose another field; `GET /v1/fields` lists those that can be counted.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-ANSWER-TOO-LARGE': {
    title: 'The answer would be too large',
    meaning: 'The request asks for too many values, splits, intervals or events at once.',
    remedy: 'Ask for fewer values, longer intervals or a shorter time, or make an export.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-CURSOR-INVALID': {
    title: 'The cursor is not valid',
    meaning: '`after` is not the `next` of an earlier page.',
    remedy: 'Pass `next` unchanged, or begin with the first page.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-NOT-FOUND': {
    title: 'The named object does not exist',
    meaning:
      'There is no user, agent, token, session, dead letter, saved search, case, event type, integration or alert rule of that name.',
    remedy: 'List the objects, and check the name.',
    status: 404,
    kind: 'not-found',
  },
  'WB-SENDER-UNKNOWN': {
    title: 'The agent that sent the dead letter is not enrolled',
    meaning: 'The indexer can store the event only in the name of an enrolled agent.',
    remedy: 'Discard the dead letter, or restore the agent.',
    status: 409,
    kind: 'refused',
  },
  'WB-EVENT-UNKNOWN': {
    title: 'There is no such event',
    meaning: 'The event has expired, has not arrived yet, or is outside of what you may see.',
    remedy: 'Check the id; `waybill agents` shows what agents have not shipped yet.',
    status: 404,
    kind: 'not-found',
  },
  'WB-PROOF-LATER': {
    title: 'The event can’t be proved yet',
    meaning: 'The transparency log has no entry for the waybill of this event yet.',
    remedy: 'Try again in a few seconds. If it stays like this, `waybill log status` names the reason.',
    status: 503,
    kind: 'busy',
  },
  'WB-PROOF-IMPOSSIBLE': {
    title: 'The event can’t be proved',
    meaning:
      'The stored event does not fit the root that its agent signed, or hashes of other lines of its waybill are gone.',
    remedy: 'Run `waybill verify`: it says whether the event was changed.',
    status: 409,
    kind: 'refused',
  },
  'WB-LOG-FILE-UNKNOWN': {
    title: 'The transparency log has no such file',
    meaning:
      'The log is not that large yet, the path is wrong, or a partial tile was replaced by the full one.',
    remedy: 'Read `/log/checkpoint` first, and ask for the tiles of a log of that size.',
    status: 404,
    kind: 'not-found',
  },
  'WB-ROUTE-UNKNOWN': {
    title: 'There is no such route',
    meaning: 'The API has no such path and method.',
    remedy: '`/v1/openapi.json` lists all routes. The indexer may be older than the program.',
    status: 404,
    kind: 'not-found',
  },
  'WB-EXISTS': {
    title: 'The name is already in use',
    meaning: 'A user or a rule of that name exists, or the indexer already has an authority for agents.',
    remedy: 'Choose another name, or change what exists.',
    status: 409,
    kind: 'refused',
  },
  'WB-LIMIT-REACHED': {
    title: 'There are too many of these',
    meaning: 'The number of tokens, saved searches, rules, cases and pins of a case is limited.',
    remedy: 'Remove those that nobody uses any more.',
    status: 409,
    kind: 'refused',
  },
  'WB-TOO-MANY-JOBS': {
    title: 'Too many reports and exports are waiting',
    meaning: 'The number of jobs of one user that wait or run is limited by `reports.waiting`.',
    remedy: 'Wait until one is done, or cancel one: `waybill reports jobs` lists them.',
    status: 429,
    kind: 'busy',
  },
  'WB-CASE-CLOSED': {
    title: 'The case is closed',
    meaning: 'Nothing can be pinned to a closed case, or removed from it.',
    remedy: 'Open the case again.',
    status: 409,
    kind: 'refused',
  },
  'WB-JOB-STATE': {
    title: 'The state of the job does not allow this',
    meaning: 'Only a job that waits or runs can be cancelled, and only one that is over can be removed.',
    remedy: 'Look at the job: `waybill reports jobs`.',
    status: 409,
    kind: 'refused',
  },
  'WB-JOB-FAILED': {
    title: 'A report or an export was not made',
    meaning: 'The job failed on the indexer, or somebody cancelled it. The message has the reason.',
    remedy: 'Follow the message, and ask for it again.',
  },
  'WB-DOWNLOAD-DAMAGED': {
    title: 'A file did not arrive as the indexer made it',
    meaning: 'The SHA-256 of the file is not the one that the indexer recorded when it made the file.',
    remedy:
      'Download it again. If it happens again, look for a proxy that changes files, and check both disks.',
  },
  'WB-REPORT-ELSEWHERE': {
    title: 'The files of the report are on another indexer',
    meaning:
      'Several indexers share the store. The files of a report or an export are on the one that made it.',
    remedy: 'Ask the indexer that the message names, or make the report again.',
    status: 409,
    kind: 'refused',
  },
  'WB-REPORTS-FULL': {
    title: 'There is no room for the report or export',
    meaning:
      'All files of reports and exports together would be larger than `reports.room` in `indexer.yml`.',
    remedy: 'Ask for less at once, remove reports that nobody needs, or raise `reports.room`.',
    status: 507,
    kind: 'busy',
  },
  'WB-RANGE': {
    title: 'The range is not in the file',
    meaning: 'A download asked for bytes after the end of the file.',
    remedy: 'Begin the download anew. The file may be another one than at the first attempt.',
    status: 416,
    kind: 'bad-request',
  },
  'WB-LAST-ADMIN': {
    title: 'This is the only admin who can sign in',
    meaning: 'Without a local admin nobody could manage users.',
    remedy: 'Make another admin first: `waybill users add NAME --role admin`.',
    status: 409,
    kind: 'refused',
  },
  'WB-CHANGED': {
    title: 'Somebody else made a change first',
    meaning: 'The version that you change is not the current one any more.',
    remedy: 'Read it again, and repeat the change.',
    status: 412,
    kind: 'changed',
  },
  'WB-IF-MATCH-MISSING': {
    title: 'The request does not name the version that it changes',
    meaning: 'A change of the settings needs the header `If-Match` with the `ETag` of the version.',
    remedy: 'Read the settings, and send their `ETag` in `If-Match`.',
    status: 428,
    kind: 'precondition-required',
  },
  'WB-MANDATORY': {
    title: 'The event type is mandatory',
    meaning: 'Mandatory event types are always recorded, so nobody can switch them off.',
    remedy: 'Use `waybill events` to see which types you can switch.',
  },
  'WB-OWN-AUTHORITY': {
    title: 'Your own authority signs the agents’ certificates',
    meaning: '`tls.client-ca` in `indexer.yml` names an authority, so the indexer can’t have its own.',
    remedy: 'Remove `tls.client-ca` first.',
    status: 409,
    kind: 'refused',
  },
  'WB-NO-AUTHORITY': {
    title: 'The indexer has no authority for agents’ certificates',
    meaning: 'Nobody has created it yet.',
    remedy: '`waybill agents ca create` makes one.',
    status: 404,
    kind: 'not-found',
  },
  'WB-MEDIA-TYPE': {
    title: 'The request has the wrong Content-Type',
    meaning: 'The route accepts another type of body.',
    remedy: 'Send the type that the message names.',
    status: 415,
    kind: 'bad-request',
  },
  'WB-TOO-LARGE': {
    title: 'The request is too large',
    meaning: 'The body, or the query in the address, exceeds the limit of the route.',
    remedy: 'Send less at once.',
    status: 413,
    kind: 'too-large',
  },
  'WB-TOO-MANY-QUERIES': {
    title: 'Too many searches or counts are waiting',
    meaning: 'At most 100 may wait for one user, and 1,000 for all.',
    remedy: 'Wait for the time in `Retry-After`.',
    status: 429,
    kind: 'busy',
  },
  'WB-CLIENT-LEFT': {
    title: 'The client did not wait for the answer',
    meaning: 'The connection was closed while the indexer worked on the request, so it stopped.',
    remedy: 'None. The code appears in figures only.',
    status: 499,
    kind: 'busy',
  },
  'WB-INTERNAL': {
    title: 'The indexer made a mistake',
    meaning: 'This is a defect of Waybill.',
    remedy: 'The indexer’s log has the details. Please report them.',
    status: 500,
    kind: 'internal',
  },

  // Errors in messages of agents.
  'WB-AGENT-UNKNOWN': {
    title: 'The agent or its key is not known',
    meaning: 'The indexer has no such agent or key, for example after a restored backup.',
    remedy: 'Enroll the agent again. Until then it keeps its events.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-AGENT-REVOKED': {
    title: 'The agent was revoked',
    meaning: 'An admin revoked the agent, so its key and certificate are worthless.',
    remedy: 'To use the host again, enroll it with a new data folder.',
    status: 403,
    kind: 'revoked',
  },
  'WB-SIGNATURE-INVALID': {
    title: 'The signature is missing or wrong',
    meaning: 'A request of an agent is not signed by the key that it names.',
    remedy: 'Check for proxies that change requests. Otherwise find out who sends them.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-AGENT-CLOCK': {
    title: 'The clocks of agent and indexer differ',
    meaning: 'A signed request is older than the indexer accepts.',
    remedy: 'Correct both clocks.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-AGENT-CERTIFICATE': {
    title: 'The agent’s certificate is missing or not valid',
    meaning: '`agents.certificates: required` is set, or the certificate is expired or of another authority.',
    remedy: 'An enrolled agent gets a new one with its next heartbeat. With your own authority, renew it.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-AGENT-MISMATCH': {
    title: 'The request does not belong to this agent or indexer',
    meaning:
      'The certificate is another agent’s, the key is the indexer’s own, or the namespace is another one.',
    remedy: 'Give each agent its own data folder and certificate, and check `namespace`.',
    status: 403,
    kind: 'forbidden',
  },
  'WB-ENROL-TOKEN': {
    title: 'The enrolment token is not accepted',
    meaning: 'The token is missing, unknown, used up, expired, or for other hosts.',
    remedy: 'Make one with `waybill agents token`.',
    status: 401,
    kind: 'unauthorised',
  },
  'WB-WAYBILL-INVALID': {
    title: 'The request is no whole waybill',
    meaning: 'The body of a batch or a key has the wrong form, or the connection ended within it.',
    remedy: 'The agent tries again or quarantines the batch. Check for proxies that change or cut bodies.',
    status: 400,
    kind: 'bad-request',
  },
  'WB-WAYBILL-SLOW': {
    title: 'The sender stopped in the middle of a waybill',
    meaning: 'No bytes arrived for `ingest.body-timeout`, or the sender is slower than 16 KiB a second.',
    remedy: 'The agent tries again. Check the network.',
    status: 408,
    kind: 'bad-request',
  },
  'WB-WAYBILL-ALTERED': {
    title: 'A waybill does not match its content',
    meaning: 'The manifest is signed, but its counts or the hashes of the lines do not fit.',
    remedy:
      'The agent quarantines the batch: `waybill-agent quarantine show`. Check memory and disk of the host.',
    status: 422,
    kind: 'refused',
  },
  'WB-FORK': {
    title: 'Two waybills have the same number',
    meaning: 'A data folder was copied or restored, and two agents use its identity.',
    remedy: 'See “A fork” in `docs/operations.md`. The agent begins a new chain by itself.',
    status: 409,
    kind: 'fork',
  },
  'WB-HEARTBEAT-OLD': {
    title: 'A heartbeat is older than the last one',
    meaning: 'The heartbeat was sent twice, or two agents use one identity.',
    remedy: 'If it happens often, look for a copied data folder.',
    status: 409,
    kind: 'refused',
  },
  'WB-QUOTA': {
    title: 'The agent sends more than its quota allows',
    meaning: '`agents.quota` limits events, bytes and new values.',
    remedy: 'The agent sends the batch again later. Raise the quota if this is usual.',
    status: 429,
    kind: 'busy',
  },
  'WB-INGEST-BUSY': {
    title: 'The indexer has no memory for further waybills now',
    meaning: 'Waybills in memory may take `ingest.in-flight` bytes.',
    remedy: 'The agent tries again. If this is usual, raise `ingest.in-flight`.',
    status: 503,
    kind: 'busy',
  },

  // The store.
  'WB-STORE-FULL': {
    title: 'The store has no free space',
    meaning: 'The disk, or the Elasticsearch cluster, has less free space than it needs.',
    remedy:
      'Free space or enlarge the volume. The indexer continues by itself, and agents keep their events.',
    status: 507,
    kind: 'full',
  },
  'WB-STORE-UNAVAILABLE': {
    title: 'The store does not work now',
    meaning:
      'A file of the store is damaged, locked or unreadable, the store is busy or closing, or the cluster does not answer as it should.',
    remedy: 'The message and `/readyz` name the reason. Agents keep their events and try again.',
    status: 503,
    kind: 'busy',
  },
  'WB-STORE-UNUSABLE': {
    title: 'The store’s folder can’t be used',
    meaning: 'The folder can’t be made, opened or written.',
    remedy: 'Check the path and its permissions.',
  },
  'WB-STORE-IN-USE': {
    title: 'Another process uses the store',
    meaning: 'One indexer runs on one folder.',
    remedy: 'Stop the other process, or give this one a folder of its own.',
  },
  'WB-STORE-FORMAT': {
    title: 'This version can’t read the store',
    meaning: 'A newer version wrote the store, or a version that is too old.',
    remedy:
      'Use the version that wrote it, restore a backup, or use another folder. `docs/formats.md` lists the versions.',
  },

  // The archive.
  'WB-ARCHIVE-ABSENT': {
    title: 'There is no archive',
    meaning:
      'The settings of the indexer name no archive, so nothing can be archived, restored or held there.',
    remedy: 'Write `archive:` in `indexer.yml` with a place and a key. `docs/operations.md` describes it.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-KEY': {
    title: 'The key does not open the archive',
    meaning:
      '`archive.keys` lacks the key that an object names, has another one under that name, or its command fails.',
    remedy:
      'Add the old key to `archive.keys`, below the present one, under the name that it had. Without its key nobody can read an object.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-DAMAGED': {
    title: 'An archive object is damaged',
    meaning:
      'An object is missing, cut off, changed, or another one is under its name. The message names object and place.',
    remedy:
      'Restore the object from a copy. If its events are still in the store, `waybill archive run` writes it again. Nothing is removed from the store until its archive was read back.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-VERSION': {
    title: 'The archive has another format',
    meaning: 'An object was written by another version of Waybill, in a format that this one does not read.',
    remedy: 'Use a newer version. `docs/formats.md` lists the versions.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-UNREACHABLE': {
    title: 'The archive can’t be reached',
    meaning:
      'The folder is not mounted or not writable, or the object store does not answer or refuses access.',
    remedy:
      'The message names the reason. Events stay in the store until the archive can be reached again; the next run continues.',
    status: 503,
    kind: 'busy',
  },
  'WB-ARCHIVE-FULL': {
    title: 'The archive has no free space',
    meaning: 'The place of the archive is full. What was half written has been removed.',
    remedy: 'Make room there. Events stay in the store until then; the next run continues.',
    status: 507,
    kind: 'full',
  },
  'WB-ARCHIVE-LOCK': {
    title: 'The object store does not protect the archive',
    meaning:
      'The bucket has no Object Lock, or it let Waybill delete or shorten what should be locked when Waybill tried.',
    remedy:
      'Make a bucket with Object Lock and versioning, and give Waybill a user without `s3:BypassGovernanceRetention`; or write `lock: none`.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-LOCKED': {
    title: 'The object may not be removed yet',
    meaning: 'A lock with an end date, or a legal hold, protects the object.',
    remedy: 'Wait for the end date, or end the hold.',
    status: 409,
    kind: 'refused',
  },
  'WB-ARCHIVE-REFUSED': {
    title: 'This can’t be archived or restored',
    meaning:
      'Lines of the store can’t be read, an archive run is going on already, or the request names nothing that is there.',
    remedy: 'The message names the reason. Nothing was removed.',
    status: 409,
    kind: 'refused',
  },

  'WB-MOVE-REFUSED': {
    title: 'The store can’t be moved there',
    meaning:
      'The target holds other data, the two configurations do not fit together, or an event of the source can’t be stored in the target.',
    remedy: 'The message names the reason. Nothing of the source has changed.',
  },
  'WB-MOVE-DIFFERS': {
    title: 'The move could not be verified',
    meaning: 'The target does not hold what the source holds, or the source is damaged.',
    remedy:
      'The message names the waybills. Start the indexer of the source again: the source is unchanged. Restore damaged files from a backup, or move to an empty target again.',
  },
  'WB-MOVE-UNFINISHED': {
    title: 'The store is the target of an unfinished move',
    meaning: 'A store is served only once everything is in it and was verified.',
    remedy: 'Finish the move with `waybill move --finish`, or remove what was copied.',
  },
  'WB-STORE-MOVED': {
    title: 'The store was moved away',
    meaning:
      'Its events are in another store, and agents continue there. New events here would not be there.',
    remedy: 'Start the indexer with the configuration that the message names.',
  },

  // Elasticsearch and Kibana.
  'WB-ELASTICSEARCH': {
    title: 'Elasticsearch does not do what Waybill needs',
    meaning: 'The cluster can’t be reached, refuses the user or the privileges, or blocks writes.',
    remedy: 'The message names the reason. Check `store.elasticsearch` and the cluster’s health.',
  },
  'WB-ELASTICSEARCH-VERSION': {
    title: 'This Elasticsearch is not supported',
    meaning:
      'Waybill works with Elasticsearch 8 and 9, not with OpenSearch or serverless clusters. Its templates may be of a newer Waybill.',
    remedy: 'Use a supported cluster or the embedded store, or the newer Waybill.',
  },
  'WB-RETENTION-SHORTER': {
    title: 'The change would delete stored events earlier',
    meaning: 'The retention table keeps events for a shorter time than the policies in the cluster.',
    remedy: 'Correct the table, or run setup with `--shorten` if you mean it.',
  },
  'WB-WATCHER': {
    title: 'Watcher can’t run the rules',
    meaning: 'The cluster has no Watcher, or no licence for it.',
    remedy: 'Set up without `--watcher`, and use `waybill rules backtest`.',
  },
  'WB-KIBANA': {
    title: 'Kibana did not import the dashboards',
    meaning: 'Kibana can’t be reached, refuses the user, or refused objects.',
    remedy: 'Check `--kibana` and the privilege “Saved Objects Management: all”.',
  },
} as const satisfies Readonly<Record<`WB-${string}`, ErrorKind>>

export interface ErrorKind {
  /** The problem in a few words. */
  readonly title: string
  readonly meaning: string
  readonly remedy: string
  /** For errors that the API answers: the HTTP status, and the `code` of the problem for programs. */
  readonly status?: number
  readonly kind?: string
}

export type ErrorCode = keyof typeof ERRORS
/** Codes that may occur in an answer of the API. */
export type RefusalCode = {
  [Code in ErrorCode]: (typeof ERRORS)[Code] extends { status: number } ? Code : never
}[ErrorCode]

export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === 'string' && Object.hasOwn(ERRORS, text)
export const isRefusalCode = (code: ErrorCode): code is RefusalCode => 'status' in ERRORS[code]
