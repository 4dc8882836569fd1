using Broker.Agent.Native;
using Broker.Agent.Processes;
using Broker.Configuration;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Agent.Uses;

/// <summary>
/// Reads the named uses of the configuration, with everything that is wrong about them. What a use does not set it takes from
/// <c>use-defaults</c>; what does not belong to its mode it must not set.
/// </summary>
internal sealed class UseReader
{
    private static readonly string[] CommandKeys = ["command", "environment", "output", "stop-timeout"];
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly SettingsReader _use;
    private readonly SettingsReader _defaults;

    private UseReader(SettingsReader use, SettingsReader defaults)
    {
        _use = use;
        _defaults = defaults;
    }

    /// <summary>Reads all uses of <c>broker.agent</c>.</summary>
    /// <param name="agent">The section; problems are gathered there.</param>
    internal static IReadOnlyDictionary<Name, NamedUse> ReadAll(SettingsReader agent)
    {
        var uses = new Dictionary<Name, NamedUse>();
        var defaults = agent.Section("use-defaults");
        CheckDefaults(defaults);
        foreach (var section in agent.Children("uses"))
        {
            if (!Name.TryParse(section.Name, out var name))
                agent.AddProblem("uses", $"has a use called {section.Name}; the name of a use is 1 to 63 of a-z, 0-9 and -");
            else
                uses[name] = new UseReader(section, defaults).Read(name);
        }

        return uses;
    }

    private static void CheckDefaults(SettingsReader defaults)
    {
        var reader = new UseReader(defaults, defaults);
        _ = reader.AtMost();
        _ = reader.HoldFor();
        _ = reader.HoldOnRotate();
        _ = reader.RotateSignal();
        _ = reader.RotateSettle();
        _ = reader.Output();
        _ = reader.Duration("start-timeout");
        _ = reader.Duration("stop-timeout");
        _ = reader.Restarts();
        _ = reader.RestartDelay();
    }

    private NamedUse Read(Name name)
    {
        var mode = _use.OneOf("mode", ("hold", UseMode.Hold), ("stdin", UseMode.Stdin), ("file", UseMode.File));
        Forbid(mode != UseMode.Hold, "is for mode hold; remove it", "hold-for", "hold-on-rotate");
        Forbid(mode == UseMode.Hold, "is for modes stdin and file; remove it, or choose one of them", CommandKeys);
        Forbid(mode != UseMode.Stdin, "is for mode stdin; remove it", "start-timeout");
        Forbid(
            mode != UseMode.File, "is for mode file, the only one whose credentials can be given a second time; remove it",
            "restart", "max-restarts", "restart-delay", "on-rotate", "rotate-settle");
        var signal = mode == UseMode.File ? RotateSignal() : 0;
        return new NamedUse
        {
            Name = name,
            Mode = mode,
            AtMost = AtMost(),
            HoldFor = mode == UseMode.Hold ? HoldFor() : default,
            OnRotate = mode switch
            {
                UseMode.Hold => HoldOnRotate(),
                UseMode.File => signal switch { < 0 => OnRotate.Keep, 0 => OnRotate.Replace, _ => OnRotate.Signal },
                _ => OnRotate.Keep,
            },
            Start = mode == UseMode.Hold ? null : ReadCommand(mode),
        };
    }

    private CommandUse ReadCommand(UseMode mode)
    {
        var placeholders = new Placeholders();
        var arguments = _use.TextList("command").Select(text => Fill("command", placeholders, text)).ToList();
        if (arguments.Count == 0 && _use.Has("command"))
            _use.AddProblem("command", "is empty; name the program and its arguments");
        if (arguments.Count > 0 && !arguments[0].StartsWith('/'))
            _use.AddProblem("command", "must begin with the absolute path of a program; there is no search path");
        if (arguments.Count > 0 && arguments[0].StartsWith("/proc/self/fd/", StringComparison.Ordinal))
            _use.AddProblem("command", "must begin with a program of this machine, not with a credential");

        var environment = Environment(placeholders);
        switch (mode)
        {
            case UseMode.Stdin when placeholders.Credentials.Count > 0:
                _use.AddProblem("command", "has a placeholder, but mode stdin gives no files; remove it, or choose mode file");
                break;
            case UseMode.File when placeholders.Credentials.Count == 0:
                _use.AddProblem(
                    "command", "has no placeholder {file:CREDENTIAL}, neither here nor in environment, so it would be given nothing");
                break;
            case UseMode.File when placeholders.Credentials.Count > LaunchPayload.MaxItems:
                _use.AddProblem("command", $"names more credentials than the {LaunchPayload.MaxItems} that one launch can carry");
                break;
            default:
                break;
        }

        return new CommandUse
        {
            Command = new Command(arguments, environment, Output()),
            Files = placeholders.Credentials,
            StartTimeout = Duration("start-timeout"),
            StopTimeout = Duration("stop-timeout"),
            Restarts = mode == UseMode.File ? Restarts() : 0,
            RestartDelay = RestartDelay(),
            RotateSignal = mode == UseMode.File ? Math.Max(0, RotateSignal()) : 0,
            RotateSettle = RotateSettle(),
        };
    }

    private List<KeyValuePair<string, string>> Environment(Placeholders placeholders)
    {
        var environment = new List<KeyValuePair<string, string>>();
        if (!_use.Has("environment"))
            return environment;

        foreach (var (key, text) in _use.TextMap("environment"))
        {
            if (key.Length == 0 || key.Contains('=', StringComparison.Ordinal))
                _use.AddProblem("environment", "has a variable whose name is empty or contains =");
            environment.Add(new(key, Fill("environment", placeholders, text)));
        }

        return environment;
    }

    private string Fill(string path, Placeholders placeholders, string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            _use.AddProblem(path, "has a zero byte in a text, which no program can be given");
        if (placeholders.Fill(text, out var filled) is { } problem)
            _use.AddProblem(path, problem);
        return filled;
    }

    private void Forbid(bool when, string why, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (when && _use.Has(key))
                _use.AddProblem(key, why);
            if (when)
                _use.Exempt(key);
        }
    }

    private int AtMost() => Of("at-most").Integer("at-most", 1, 100_000);

    private TimeSpan HoldFor() => Of("hold-for").Duration("hold-for", TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(30));

    private OnRotate HoldOnRotate() =>
        Of("hold-on-rotate").OneOf("hold-on-rotate", ("replace", OnRotate.Replace), ("keep", OnRotate.Keep));

    // The signal's number; 0 to start the program again, -1 to leave it.
    private int RotateSignal() => Of("on-rotate").OneOf(
        "on-rotate", ("keep", -1), ("restart", 0), ("signal HUP", LibC.SignalHangUp), ("signal USR1", LibC.SignalUser1),
        ("signal USR2", LibC.SignalUser2));

    private TimeSpan RotateSettle() => Duration("rotate-settle");

    private ChildOutput Output() =>
        Of("output").OneOf("output", ("discard", ChildOutput.Discard), ("inherit", ChildOutput.Inherit));

    private TimeSpan Duration(string key) => Of(key).Duration(key, TimeSpan.FromMilliseconds(10), Hour);

    private int Restarts()
    {
        var times = Of("max-restarts").Integer("max-restarts", 1, 1000);
        return Of("restart").OneOf("restart", ("never", 0), ("on-failure", times));
    }

    private TimeSpan RestartDelay() => Of("restart-delay").Duration("restart-delay", TimeSpan.FromMilliseconds(10), 60 * Second);

    private SettingsReader Of(string key) => _use.Has(key) ? _use : _defaults;
}
