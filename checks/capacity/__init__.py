"""Whether a planned volume fits through the limits: an exact simulation and what to make of it. Pure: no clock, no sockets, no files.

`model` says what goes in, `result` what comes out, `simulate` plays it, `advise` turns it into settings, `moments` knows the calendar.
How it is counted, in whole milliseconds:

- A mailing is handed over whole at its start. Its messages go in order, recipients outside of the organisation first. Mailings with the
  higher priority come first, then the one that started earlier, then the one that is listed earlier.
- A message counts at the moment at which its transmission begins, with all of its recipients. It is never split. It holds one connection
  until it is done.
- A sliding window of W seconds: at every moment t the messages (or recipients) that began in (t - W, t] are at most the limit.
- A calendar window: the counter starts anew at each full minute or hour of the local clock, at the reset time of each day, or of each
  Monday. A change of the clocks starts a new hour; a day has 23 or 25 hours then. A reset time that the clocks skip means the moment
  of the change, one that they show twice means the first time.
- A limit by mailbox or credential has a counter for each channel, any other limit one counter for all of its channels.
- A limit that defers lets the message go at the first moment at which there is room. A mailing that waits keeps its place: what comes behind
  it in the queue does not take room in a limit that it waits for.
- A limit that refuses for now (`retry`) sends the mailing's rest away; it comes back together after the next pause of the schedule. Meanwhile
  others may use the room. A limit that refuses for good (`reject`) takes the rest of the mailing away. A refusal takes no time and counts
  nowhere. An attempt is made only when no deferring limit and no connection stands in the way.
- What has not begun when its age reaches the dispatcher's `max_age_hours` is given up.
"""
