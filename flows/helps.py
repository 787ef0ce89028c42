"""What each command says of itself."""

EXIT_CODES = """Exit codes: 0 finished, or stopped by a signal; 1 the run failed; \
2 the configuration or the command is wrong; 3 the checkpoint belongs to other code or other settings."""
RUN = f"""Run a configuration: trade its market against the simulated venue, and write a run directory.

Examples:

\b
  phoenix run
  phoenix run --config configs/replay.yaml --set source.path=btcusdt.gz
  phoenix run --resume
  phoenix run --shard 1/2

With --resume the latest unfinished run of the profile goes on, or the one in --out: under its own settings, \
unless --config or --set give others. Those that change no order (run.*, metrics.*, source.speed) may differ.
--resume-or-begin does the same where there is such a run, and begins one where there is none.
--shard runs a share of the symbols, in a directory of its own: docs/shards.md.

{EXIT_CODES}
"""
CHECK = """Say whether a settings file is valid, naming every fault, and print it resolved.

Example:

\b
  phoenix check configs/phoenix.yaml

Exit codes: 0 it is valid; 2 it is not.
"""
HALT = """Halt trading: cancel every order of a running market maker, and place none until it is resumed.

Examples:

\b
  phoenix halt
  phoenix halt runs/20250101-phoenix-1 --symbol BTCUSDC --why "the venue misbehaves"
  phoenix halt --reduce

The run goes on measuring. A file named halt in the run directory is the switch: it holds across stops, \
kills and resumption, and an empty one made by hand does the same.

Exit codes: 0 it is done; 1 a symbol did not answer in time; 2 there is no such run or symbol.
"""
RESUME = """Let a halted market maker trade again, whatever halted it. Losses are counted anew from here.

Examples:

\b
  phoenix resume-trading
  phoenix resume-trading runs/20250101-phoenix-1 --symbol BTCUSDC

Exit codes: 0 it is done; 1 a symbol did not answer in time; 2 there is no such run or symbol.
"""
REPORT = """Write the report of a run anew, or compare runs: one HTML file that needs nothing else.

Examples:

\b
  phoenix report runs/20250101-phoenix-1
  phoenix report runs/20250101-phoenix-1 --csv tables
  phoenix report runs/20250101-phoenix-1 runs/20250101-phoenix-2 --out compared.html

Of one run it replaces report.html in its directory. Of several it says what the others came to beside the \
first, with what resampling makes of the differences, and writes compared.html into its directory. \
--out names another file.

Exit codes: 0 it is done; 1 a file cannot be written; 2 there is no such run, or nothing of it can be shown.
"""
RESHARD = """Deal the symbols of stopped runs to other shards, each to go on exactly where it was.

Example:

\b
  phoenix reshard runs/20250101-phoenix-1of2-1 runs/20250101-phoenix-2of2-1 --into 3

Name all runs of the configuration. New directories are made beside them; the old ones keep what they hold, \
but nobody goes on with them. Killed, the same command does what is left to do.

Exit codes: 0 it is done; 1 the runs cannot be moved, and were not; 2 the command is wrong; \
3 they belong to other code.
"""
PUBLISH = f"""Send the market of a configuration to a topic of Kafka, as in docs/kafka_messages.md.

Examples:

\b
  phoenix publish --topic market --set kafka.bootstrap=127.0.0.1:9092
  phoenix publish --config configs/replay.yaml --set source.path=btcusdt.gz --topic market --partitions 4

It goes on where the topic ends: begun again after it was stopped or killed, it sends what is missing.

{EXIT_CODES}
"""
VENUE = f"""Run the simulated venue as a process of its own: market and orders come in, reports go out.

Examples:

\b
  phoenix venue --config desk.yaml
  phoenix venue --config desk.yaml --resume

The settings are those of its desks: source.kind kafka, kafka.topic, kafka.orders_topic and \
kafka.reports_topic. It is open until it is stopped, answers one run per symbol, and cancels what a run left \
behind when another begins.

{EXIT_CODES}
"""
