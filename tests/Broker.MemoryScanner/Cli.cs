using System.Globalization;

namespace Broker.MemoryScanner;

/// <summary>The arguments of the command.</summary>
internal sealed record Cli(
    IReadOnlyList<int> Pids, IReadOnlyList<string> Paths, IReadOnlyList<Needle> Needles, int Pieces, bool Stop, bool Json, bool Help)
{
    public const string Usage = """
        memory-scanner: looks for secrets in the memory of other processes and in files, in every encoding that is known to leak.

        usage: memory-scanner --needle NAME=PATH... [--pid PID...] [--files PATH...] [--pieces N] [--stop] [--json]

          --needle NAME=PATH  a secret: the bytes of the file, all of them (8 bytes to 1 MiB); NAME is what the report calls it
          --pid PID           a process whose memory is scanned
          --files PATH        a file, or a directory with all that is below it
          --pieces N          count any N bytes or more (N >= 8) of a needle too
          --stop              stop each process while it is scanned, for an exact picture
          --json              print an array of reports instead of tables

        exit code: 0 nothing found, 3 something found, 1 error

        examples:
          printf %s 'correct horse battery' > /dev/shm/needle
          memory-scanner --needle password=/dev/shm/needle --pid 4711 --stop
          memory-scanner --needle key=key.der --files /var/lib/broker --pieces 16 --json
        """;

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ScanException">They make no sense; the text says why.</exception>
    public static Cli Parse(ReadOnlySpan<string> arguments)
    {
        var (pids, paths, needles) = (new List<int>(), new List<string>(), new List<Needle>());
        var (pieces, stop, json) = (0, false, false);
        for (var i = 0; i < arguments.Length; i++)
        {
            var option = arguments[i];
            switch (option)
            {
                case "--help" or "-h":
                    return new Cli([], [], [], 0, false, false, Help: true);
                case "--stop":
                    stop = true;
                    continue;
                case "--json":
                    json = true;
                    continue;
            }

            if (option is not ("--pid" or "--files" or "--needle" or "--pieces"))
                throw new ScanException($"unknown argument '{option}': see --help");
            if (++i == arguments.Length)
                throw new ScanException($"{option} lacks its value: see --help");
            if (option == "--pid")
                pids.Add(Number(option, arguments[i]));
            else if (option == "--files")
                paths.Add(arguments[i]);
            else if (option == "--needle")
                needles.Add(NeedleOf(arguments[i]));
            else
                pieces = Number(option, arguments[i]);
        }

        if (pids.Count + paths.Count == 0)
            throw new ScanException("nothing to scan: give --pid or --files");
        return new Cli(pids, paths, needles, pieces, stop, json, Help: false);
    }

    private static int Number(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ScanException($"{option} takes a number, not '{value}'");

    private static Needle NeedleOf(string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || equals == value.Length - 1)
            throw new ScanException("--needle takes NAME=PATH: see --help");
        return Needle.FromFile(value[..equals], value[(equals + 1)..]);
    }
}
