using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Credentials;

/// <summary>What the broker says of a credential that is stored.</summary>
internal static class Stored
{
    /// <summary>Looks it up; null where there is none.</summary>
    public static async Task<CredentialModel?> FindAsync(CommandContext context, Name customer, Name credential)
    {
        await RequestSigner.LoginAsync(context, customer);
        var items = await context.Gateway.ListAsync(
            GatewayClient.Of(customer, "/credentials"), ApiJson.Default.PageModelCredentialModel);
        return items.Find(i => i.Credential == credential.Value);
    }

    /// <summary>Looks it up.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<CredentialModel> NeedAsync(CommandContext context, Name customer, Name credential) =>
        await FindAsync(context, customer, credential) ?? throw new CommandException(
            ExitCode.NotFound, "unknown-credential", $"there is no credential {credential}", "brokerctl credential list");

    /// <summary>The highest number that a version has.</summary>
    public static uint Latest(CredentialModel model) => Math.Max(model.Latest, model.Version);

    /// <summary>The version that is pending or staged, or null.</summary>
    public static VersionModel? Next(CredentialModel model) => model.Versions.FirstOrDefault(static v => v.Stage is "pending" or "staged");

    /// <summary>The number of the version that a step is about: the one that is named, or the next one.</summary>
    public static async Task<uint> VersionAsync(CommandContext context, Name customer, Name credential, uint? named) =>
        named ?? Next(await NeedAsync(context, customer, credential))?.Version ?? throw new CommandException(
            ExitCode.NotFound, "unknown-version", $"no version of {credential} is pending or staged",
            "brokerctl credential put NAME --stage puts one");

    /// <summary>What a listing says of a rotation that is under way; empty where none is.</summary>
    public static string Underway(CredentialModel model) =>
        (Next(model) is { } next ? $"  v{next.Version} {next.Stage}" : "") + (model.HandOver is null ? "" : "  handing over");
}
