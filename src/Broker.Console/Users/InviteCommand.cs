using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Keys;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Users;

/// <summary><c>brokerctl user invite</c>: a file that tells a user's console what to pin.</summary>
internal static class InviteCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The user");
        var customer = Parsing.Customer();
        var file = Parsing.FileOption("--file", "Where to write the invitation", required: true);
        return new Command("invite", """
            Writes an invitation with the fingerprints of root and identity; the user compares them with you by voice

            Example:
              brokerctl user invite bob --customer acme --file bob.invitation
            """).With(name, customer, file).Runs(host, async context =>
        {
            var pinned = await PinnedCustomer.LoadAsync(context, context.Need(customer));
            var signer = RequestSigner.User(context);
            var trust = context.Profile.Trust;
            var invitation = new Invitation(
                trust.Cluster, pinned.Name, context.Get(name), trust.Fingerprint, pinned.Custody.Identity.Fingerprint, signer, context.Now);
            using var key = KeyFiles.Load(context.Profile.UserKey(signer));
            var signed = new InvitationFile(
                InvitationFile.Version1, SignedModel.From(key.Sign(invitation.Encode())), key.Public.Bytes.ToArray());
            Files.Create(context.Need(file), Files.ToJson(signed, ConsoleJson.Default.InvitationFile), isPublic: true);
            PinnedResult.Print(context, invitation, key.Public, isPinned: false);
            return ExitCode.Ok;
        });
    }
}

/// <summary>Result of <c>user invite</c> and <c>user accept</c>.</summary>
internal sealed record PinnedResult(
    string Customer, string User, string InvitedBy, string InviterFingerprint, string RootFingerprint, string IdentityFingerprint,
    bool Pinned)
{
    public static void Print(CommandContext context, Invitation invitation, PublicKey key, bool isPinned)
    {
        var result = new PinnedResult(
            invitation.Customer.Value, invitation.User.Value, invitation.By.Value, key.Fingerprint.ToString(), invitation.Root.ToString(),
            invitation.Identity.ToString(), isPinned);
        context.Print(result, ConsoleJson.Default.PinnedResult, o =>
        {
            o.WriteLine($"{result.User} of {result.Customer}, invited by {result.InvitedBy} with key {result.InviterFingerprint}");
            o.WriteLine($"root      {result.RootFingerprint}");
            o.WriteLine($"identity  {result.IdentityFingerprint}");
            o.WriteLine(isPinned ? "pinned" : "compare both by voice");
        });
    }
}
