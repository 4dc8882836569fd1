using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Requests;

/// <summary>Options of every command that has an effect. One instance serves one command.</summary>
internal sealed class EffectOptions
{
    public Option<Name[]> CoSign { get; } = Parsing.NamesOption(
        "--co-sign", "A further administrator, whose key is in this profile, who signs too");

    public Option<string?> Save { get; } = Parsing.FileOption(
        "--save-request", "Send nothing: write the signed request, for brokerctl request sign and request send");

    public Option<string?> IdempotencyKey { get; } = new("--idempotency-key")
    {
        Description = "32 hexadecimal digits: the same command again with the same key is not done twice",
        HelpName = "HEX",
    };

    /// <summary>Adds them to a command.</summary>
    public Command AddTo(Command command) => command.With(CoSign, Save, IdempotencyKey);
}
