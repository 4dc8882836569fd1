using Broker.Console.Audit;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Profiles;

/// <summary>What this console pinned of a customer when it enrolled it, or accepted an invitation.</summary>
/// <param name="Root">Fingerprint of the installation's root certificate.</param>
/// <param name="Identity">Fingerprint of the customer's identity key.</param>
internal sealed record PinFile(string Root, string Identity);

/// <summary>The files that a profile keeps of one customer.</summary>
internal sealed class CustomerFiles(string directory)
{
    private string PinPath => Path.Combine(directory, "pin");

    private string HeadPath => Path.Combine(directory, "head");

    private string CheckpointPath => Path.Combine(directory, "checkpoint");

    public string Shares => Path.Combine(directory, "shares");

    /// <summary>The pinned identity, or null.</summary>
    /// <param name="root">The profile's root, which must be the pinned one.</param>
    /// <exception cref="CommandException">The pin is of another installation.</exception>
    public Digest? Pin(Digest root)
    {
        if (!File.Exists(PinPath))
            return null;
        var pin = Files.ReadJson(PinPath, ConsoleJson.Default.PinFile);
        if (pin.Root != root.ToString() || !Digest.TryParse(pin.Identity, out var identity))
            throw CommandException.Unverified(
                "root-not-pinned", "the customer was pinned under another root", "use the profile of that installation");
        return identity;
    }

    public void WritePin(Digest root, Digest identity)
    {
        Files.MakeDirectory(directory);
        Files.Replace(PinPath, Files.ToJson(new PinFile(root.ToString(), identity.ToString()), ConsoleJson.Default.PinFile));
        File.Delete(HeadPath);
        File.Delete(CheckpointPath);
    }

    /// <summary>Pins the identity that followed the pinned one; the head that was seen goes on under it.</summary>
    public void Repin(Digest root, Digest identity, SignedModel head)
    {
        // The head first: a crash between the two leaves a pin that is followed again.
        WriteHead(head);
        Files.Replace(PinPath, Files.ToJson(new PinFile(root.ToString(), identity.ToString()), ConsoleJson.Default.PinFile));
        File.Delete(CheckpointPath);
    }

    /// <summary>The highest head that this console has seen, or null.</summary>
    public SignedModel? Head() => File.Exists(HeadPath) ? Files.ReadJson(HeadPath, ApiJson.Default.SignedModel) : null;

    public void WriteHead(SignedModel head)
    {
        Files.MakeDirectory(directory);
        Files.Replace(HeadPath, Files.ToJson(head, ApiJson.Default.SignedModel));
    }

    /// <summary>How far the ledger was verified before, or null.</summary>
    public Checkpoint? Checkpoint() =>
        File.Exists(CheckpointPath) ? Files.ReadJson(CheckpointPath, ConsoleJson.Default.Checkpoint) : null;

    public void WriteCheckpoint(Checkpoint checkpoint)
    {
        Files.MakeDirectory(directory);
        Files.Replace(CheckpointPath, Files.ToJson(checkpoint, ConsoleJson.Default.Checkpoint));
    }

    /// <summary>Where a request is kept that may have to be sent again.</summary>
    public string Request(Id16 key)
    {
        var requests = Path.Combine(directory, "requests");
        Files.MakeDirectory(directory);
        Files.MakeDirectory(requests);
        return Path.Combine(requests, key + ".json");
    }
}
