using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Console.Gateway;
using Broker.Console.Profiles;

namespace Broker.Console.Shell;

/// <summary>One run of one command: its options, its profile, its link to the gateway, its output.</summary>
internal sealed class CommandContext(ConsoleHost host, ParseResult parse, CancellationToken cancellation) : IDisposable
{
    private Profile? _profile;
    private GatewayClient? _gateway;

    public ConsoleHost Host { get; } = host;

    public ParseResult Parse { get; } = parse;

    public CancellationToken Cancellation { get; } = cancellation;

    public bool IsJson => Parse.GetValue(GlobalOptions.Output) == "json";

    public TimeSpan Timeout => TimeSpan.FromSeconds(Parse.GetValue(GlobalOptions.Timeout));

    /// <summary>The profile; read at first use, so that commands without one need none.</summary>
    public Profile Profile => _profile ??= new Profile(Profile.Locate(Parse.GetValue(GlobalOptions.Profile), Host.Environment));

    /// <summary>The gateway; the link opens with the first call.</summary>
    public GatewayClient Gateway => _gateway ??= new GatewayClient(Profile, Host.Time, Timeout, Cancellation);

    public DateTimeOffset Now => Host.Time.GetUtcNow();

    /// <summary>The value of an option or argument.</summary>
    public T? Get<T>(Option<T> option) => Parse.GetValue(option);

    /// <summary>The value of an argument that is required.</summary>
    public T Get<T>(Argument<T> argument) => Parse.GetValue(argument)!;

    /// <summary>The value of an option that is required.</summary>
    public T Need<T>(Option<T?> option)
        where T : struct => Parse.GetValue(option) ?? throw CommandException.Usage($"{option.Name} is missing");

    /// <summary>The value of an option that is required.</summary>
    public string Need(Option<string?> option) => Parse.GetValue(option) ?? throw CommandException.Usage($"{option.Name} is missing");

    /// <summary>Prints a result in the form that was asked for.</summary>
    public void Print<T>(T value, JsonTypeInfo<T> json, Action<TextWriter> text)
    {
        if (IsJson)
            Host.Out.WriteLine(JsonSerializer.Serialize(value, json));
        else
            text(Host.Out);
    }

    /// <summary>Says something beside the result, on standard error.</summary>
    public void Note(string text) => Host.Error.WriteLine("brokerctl: " + text);

    public void Dispose()
    {
        _gateway?.Dispose();
        _profile?.Dispose();
    }
}
