using System.CommandLine;
using Broker.Console.Shell;
using Broker.Secrets;

namespace Broker.Console.Keys;

/// <summary>Options that name a key in a token of whoever runs the command, by PKCS#11.</summary>
internal sealed class TokenOptions
{
    private readonly Option<string?> _module = Parsing.FileOption("--pkcs11-module", "The PKCS#11 module of the token that holds the key");
    private readonly Option<string?> _token = Text("--token", "The token's label");
    private readonly Option<string?> _label = Text("--key-label", "The key pair's label in the token");
    private readonly Option<string?> _pin = Parsing.FileOption("--pin-file", "A file with the token's PIN, mode 0600");

    public Command AddTo(Command command) => command.With(_module, _token, _label, _pin);

    /// <summary>Adds what names a token, without a key in it.</summary>
    public Command AddTokenTo(Command command) => command.With(_module, _token, _pin);

    /// <summary>Whether a token was named.</summary>
    public bool IsGiven(CommandContext context) => context.Get(_module) is not null;

    /// <summary>Opens the token and finds the key; the caller disposes it.</summary>
    public TokenKey Open(CommandContext context) =>
        Open(context, (token, label) => token.FindKey(new HsmKeyName(label), context.Host.Random));

    /// <summary>Opens the token and makes a key of that label; the caller disposes it.</summary>
    public TokenKey Make(CommandContext context) => Open(context, (token, label) =>
    {
        var id = new byte[8];
        context.Host.Random(id);
        return token.MakeKey(label, id, context.Host.Random);
    });

    /// <summary>Opens the token for a person who asked; the caller disposes both, the token first.</summary>
    public (HsmModule Module, HsmToken Token) OpenToken(CommandContext context)
    {
        using var pin = HsmPin.ReadFile(context.Need(_pin));
        var module = HsmModule.Load(Path.GetFullPath(context.Need(_module)), context.Host.Time, HsmModule.DefaultLimit);
        try
        {
            return (module, module.Open(new HsmTokenName(context.Need(_token)), pin, HsmUse.Administer));
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    private TokenKey Open(CommandContext context, Func<HsmToken, string, HsmKey> key)
    {
        var (module, token) = OpenToken(context);
        try
        {
            return new TokenKey(module, token, key(token, context.Need(_label)));
        }
        catch
        {
            token.Dispose();
            module.Dispose();
            throw;
        }
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description, HelpName = "LABEL" };
}

/// <summary>A key in a token while it is used.</summary>
internal sealed class TokenKey(HsmModule module, HsmToken token, HsmKey key) : IDisposable
{
    public HsmKey Key => key;

    public void Dispose()
    {
        token.Dispose();
        module.Dispose();
    }
}
