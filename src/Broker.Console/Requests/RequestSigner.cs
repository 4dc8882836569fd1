using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Requests;

/// <summary>What a request says before it has a payload: an upload is bound to user and key.</summary>
internal sealed record RequestDraft(Name Customer, Name User, Id16 Key, DateTimeOffset NotAfter);

/// <summary>Signs requests with users' key files.</summary>
internal static class RequestSigner
{
    /// <summary>How long a request lives when nothing asks for more.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>Who signs: the option, else the profile's user.</summary>
    public static Name User(CommandContext context) =>
        context.Get(GlobalOptions.User) ?? context.Profile.Settings.User ??
        throw CommandException.Usage("nobody was named to sign", "add --user NAME, or user = NAME to the profile's config");

    public static RequestDraft Begin(CommandContext context, Name customer, Name user, Id16? key, TimeSpan life)
    {
        if (key is null)
        {
            Span<byte> bytes = stackalloc byte[Id16.Length];
            context.Host.Random(bytes);
            key = new Id16(bytes);
        }

        return new RequestDraft(customer, user, key.Value, context.Now + life);
    }

    /// <summary>Signs as the requester and as co-signers whose keys are here.</summary>
    public static SignedRequest Sign(
        CommandContext context, RequestDraft draft, UserAction action, byte[] payload, IReadOnlyList<Name> coSigners)
    {
        if (coSigners.Contains(draft.User) || coSigners.Distinct().Count() != coSigners.Count)
            throw CommandException.Usage("--co-sign names somebody who signs already");
        var statement = new Request(
            context.Profile.Trust.Cluster, draft.Customer, draft.User, action.Name, draft.Key, draft.NotAfter, Digest.Of(payload)).Encode();
        return new SignedRequest(statement, payload, [.. coSigners.Prepend(draft.User).Select(u => Sign(context, u, statement))]);
    }

    /// <summary>One user's signature.</summary>
    public static UserSignature Sign(CommandContext context, Name user, byte[] statement)
    {
        var path = context.Profile.UserKey(user);
        if (!File.Exists(path))
            throw CommandException.Usage(
                $"there is no key of user {user} in this profile: {path}", $"brokerctl key new user --name {user}");
        using var key = KeyFiles.Load(path);
        return new UserSignature(user, key.Sign(statement.AsSpan()));
    }

    /// <summary>Logs in, so that the reads that follow carry a token. The token is kept nowhere.</summary>
    public static async Task LoginAsync(CommandContext context, Name customer)
    {
        var draft = Begin(context, customer, User(context), null, Life);
        var request = SignedRequestModel.From(Sign(context, draft, UserAction.Login, new LoginPayload().Encode(), []));
        var token = await context.Gateway.PostAsync(
            Gateway.GatewayClient.Of(customer, "/login"), request, ApiJson.Default.SignedRequestModel, ApiJson.Default.TokenModel);
        context.Gateway.UseToken(token.Token);
    }
}
