using Broker.Protocol.Encoding;

namespace Broker.Protocol.Directory;

/// <summary>
/// What a credential is. The broker hands all kinds over alike; the kind sets the default policy and what the console checks.
/// </summary>
public enum CredentialKind
{
    /// <summary>A password or token.</summary>
    Password,

    /// <summary>A private key, with or without its certificate.</summary>
    KeyPair,

    /// <summary>An AWS access key: by default brokered only.</summary>
    AwsAccessKey,

    /// <summary>A whole configuration file that has secrets in it.</summary>
    ConfigurationFile,

    /// <summary>The key of an encrypted volume.</summary>
    DiskKey,

    /// <summary>The key of backups.</summary>
    BackupKey,

    /// <summary>Bytes of which nothing is known.</summary>
    Opaque,
}

/// <summary>The texts of kinds in statements and on the command line.</summary>
public static class CredentialKinds
{
    /// <summary>Largest credential, in bytes: 1 MiB.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Each kind and its text.</summary>
    public static IReadOnlyList<(CredentialKind Kind, string Text)> All { get; } =
    [
        (CredentialKind.Password, "password"),
        (CredentialKind.KeyPair, "key-pair"),
        (CredentialKind.AwsAccessKey, "aws-access-key"),
        (CredentialKind.ConfigurationFile, "configuration-file"),
        (CredentialKind.DiskKey, "disk-key"),
        (CredentialKind.BackupKey, "backup-key"),
        (CredentialKind.Opaque, "opaque"),
    ];

    /// <summary>The text of a kind.</summary>
    public static string ToText(this CredentialKind kind) => All.First(k => k.Kind == kind).Text;

    /// <summary>Checks that a kind has that text.</summary>
    /// <exception cref="MalformedException">None has.</exception>
    internal static void Check(ReadOnlySpan<byte> text)
    {
        foreach (var (_, name) in All)
        {
            if (System.Text.Ascii.Equals(text, name))
            {
                return;
            }
        }

        throw Unknown();
    }

    /// <summary>Reads a kind.</summary>
    /// <exception cref="MalformedException">No kind has that text.</exception>
    public static CredentialKind Parse(string text)
    {
        foreach (var (kind, name) in All)
        {
            if (name == text)
            {
                return kind;
            }
        }

        throw Unknown();
    }

    private static MalformedException Unknown() => new("kind is not one of " + string.Join(", ", All.Select(k => k.Text)));
}
