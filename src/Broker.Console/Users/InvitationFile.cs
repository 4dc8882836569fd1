using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Console.Users;

/// <summary>What an invitation says: which root and which identity a user's console is to pin. Nothing in it is secret.</summary>
internal sealed record Invitation(Name Cluster, Name Customer, Name User, Digest Root, Digest Identity, Name By, DateTimeOffset Time)
    : IStatement<Invitation>
{
    private const string Label = "broker/invitation/1";

    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(User).Digest(Root).Digest(Identity).Name(By).Time(Time).ToArray();

    public static Invitation Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var invitation = new Invitation(r.Name(), r.Name(), r.Name(), r.Digest(), r.Digest(), r.Name(), r.Time());
        r.End();
        return invitation;
    }
}

/// <summary>An invitation in a file, signed by the administrator who made it.</summary>
/// <param name="Format">Always <see cref="Version1"/>.</param>
/// <param name="Invitation">The statement.</param>
/// <param name="Key">The signer's public key. Who has not pinned yet cannot know it: fingerprints are compared by voice.</param>
internal sealed record InvitationFile(string Format, SignedModel Invitation, byte[] Key)
{
    public const string Version1 = "broker-invitation/1";

    /// <summary>Reads a file and verifies its signature.</summary>
    public static (Invitation Invitation, PublicKey Key) Load(string path)
    {
        var file = Files.ReadJson(path, ConsoleJson.Default.InvitationFile);
        try
        {
            var key = PublicKey.Parse(file.Key);
            var signed = file.Invitation.ToSigned();
            if (file.Format == Version1 && signed.IsBy(key))
                return (signed.Read<Invitation>(), key);
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw CommandException.Unverified("invitation-forged", $"{path} is not an invitation, or was altered");
    }
}
