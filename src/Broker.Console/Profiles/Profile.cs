using Broker.Configuration;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Profiles;

/// <summary>
/// A console's directory: its certificate, the root, its users' and custodians' keys, and what it pinned and witnessed of each
/// customer. Read lazily: a command needs only the part that it uses.
/// </summary>
internal sealed class Profile(string directory) : IDisposable
{
    private LinkTrust? _trust;
    private InstallationKey? _key;
    private ProfileSettings? _settings;

    public string Directory { get; } = directory;

    public LinkTrust Trust => _trust ??= LinkTrust.Load(Need("root.crt"));

    /// <summary>The console's certificate and key.</summary>
    public InstallationKey Key => _key ??= InstallationKey.Load(Need("console.crt"), Need("console.key"), Trust);

    public ProfileSettings Settings => _settings ??= ProfileSettings.Read(Need("config"));

    /// <summary>The private key of a user on this machine.</summary>
    public string UserKey(Name user) => Path.Combine(Directory, "users", user.Value + ".key");

    /// <summary>The private key of a custodian on this machine.</summary>
    public string CustodianKey(Name custodian) => Path.Combine(Directory, "custodians", custodian.Value + ".key");

    /// <summary>The private key of a way of custody on this machine.</summary>
    public string WayKey(Name way) => Path.Combine(Directory, "ways", way.Value + ".key");

    public CustomerFiles Customer(Name customer) => new(Path.Combine(Directory, "customers", customer.Value));

    /// <summary>Where the profile is: the option, the environment, the home directory.</summary>
    public static string Locate(string? option, Func<string, string?> environment)
    {
        if (option is { Length: > 0 })
            return Path.GetFullPath(option);
        if (environment("BROKER_PROFILE") is { Length: > 0 } set)
            return Path.GetFullPath(set);
        return environment("HOME") is { Length: > 0 } home
            ? Path.Combine(home, ".broker")
            : throw CommandException.Usage("there is no profile: neither --profile nor BROKER_PROFILE nor HOME is set");
    }

    public void Dispose() => _key?.Dispose();

    private string Need(string file)
    {
        var path = Path.Combine(Directory, file);
        return File.Exists(path)
            ? path
            : throw CommandException.Usage(
                $"{path} does not exist", "brokerctl init --root root.crt --certificate console.crt --key console.key --gateway URL");
    }
}

/// <summary>The profile's <c>config</c>.</summary>
/// <param name="Gateway">Where the broker is.</param>
/// <param name="User">Who signs where no <c>--user</c> says so.</param>
/// <param name="Enrolment">Where agents enrol, <c>host:port</c>.</param>
internal sealed record ProfileSettings(Uri Gateway, Name? User, IReadOnlyList<string> Enrolment)
{
    public static ProfileSettings Read(string path)
    {
        var reader = new SettingsReader(HoconDocument.Load([path], static _ => null));
        var section = reader.Section("broker.console");
        var gateway = section.Text("gateway");
        var user = section.OptionalText("user");
        var enrolment = section.Has("enrolment") ? section.TextList("enrolment") : [];
        if (!TryGateway(gateway, out var address))
            section.AddProblem("gateway", "must be https://host:port");
        Name name = default;
        if (user is not null && !Name.TryParse(user, out name))
            section.AddProblem("user", "must be 1 to 63 of a-z, 0-9 and -");
        reader.ThrowIfInvalid();
        return new ProfileSettings(address!, user is null ? null : name, CheckAddresses([.. enrolment]));
    }

    /// <summary>Checks addresses of enrolment listeners.</summary>
    /// <exception cref="CommandException">One is not host:port, or there are too many for a token.</exception>
    public static string[] CheckAddresses(string[] addresses)
    {
        const int maxAddresses = 16;
        if (addresses.Length > maxAddresses)
            throw CommandException.Usage($"a token names at most {maxAddresses} enrolment listeners");
        foreach (var text in addresses)
        {
            if (!Uri.TryCreate("https://" + text, UriKind.Absolute, out var uri) || uri.Authority != text || !text.Contains(':'))
                throw CommandException.Usage($"an enrolment listener is HOST:PORT, not '{text}'");
        }

        return addresses;
    }

    public static bool TryGateway(string? text, out Uri? address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address) && address.Scheme == Uri.UriSchemeHttps && address.AbsolutePath == "/" &&
        address.Query.Length == 0;
}
