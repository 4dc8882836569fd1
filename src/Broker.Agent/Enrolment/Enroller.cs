using System.Net;
using System.Net.Http.Headers;
using Broker.Agent.State;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;

namespace Broker.Agent.Enrolment;

/// <summary>
/// Redeems a token: finds the broker by the root's fingerprint, proves the one-time key and the agent's own, and keeps what the customer's
/// identity key granted. The agent's key is made here and never leaves.
/// </summary>
internal sealed class Enroller(StateDirectory directory, TimeProvider time, Id16 boot, RandomFill random)
{
    private const string MediaType = "application/x-protobuf";
    private const int MaxReply = 64 * 1024;

    /// <summary>For connecting to one address, handshake included.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the one call that redeems the token, connecting included.</summary>
    internal TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Enrols this agent.</summary>
    /// <param name="token">The token; stays the caller's to wipe.</param>
    /// <param name="asked">Called once before the token can have been redeemed; from then on it is of no more use.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The grant.</returns>
    /// <exception cref="AgentException">It did not come to be; the code says why.</exception>
    internal async Task<Grant> EnrolAsync(EnrolmentToken token, Action asked, CancellationToken cancellation)
    {
        var terms = token.Terms;
        if (Enrolled.Exists(directory))
            throw new AgentException("this agent is enrolled already; to enrol it anew, empty its state directory", "already-enrolled");
        if (terms.NotAfter <= time.GetUtcNow())
            throw new AgentException("the enrolment token is over; have the agent invited again", "token-over");

        using var scalar = P256Scalar.Generate(random);
        using var key = P256PrivateKey.FromScalar(scalar);
        var request = Request(token, key);
        foreach (var address in terms.Addresses.Select(Address))
        {
            try
            {
                var trust = await PinnedRoot.FetchAsync(address, terms.Root, ConnectTimeout, cancellation);
                asked();
                var reply = await PostAsync(address, trust, request, cancellation);
                return Keep(terms, scalar, PublicKey.Parse(key.PublicKey), trust, reply);
            }
            catch (Exception e) when (LinkConnectException.In(e) is { } connect)
            {
                // A server that is somebody else is told about; one that is not there is passed over.
                if (connect.Refusal is { } refusal)
                    throw new AgentException(
                        $"{address.Authority} is not the broker that the token names: {refusal.Code()}", refusal.Code(), e);
            }
        }

        throw new AgentException(
            "no address of the token can be reached; check the network and that the enrolment listener is up", "not-connected");
    }

    private static Uri Address(string address) =>
        Uri.TryCreate($"https://{address}", UriKind.Absolute, out var uri) && uri.PathAndQuery == "/"
        ? uri
        : throw new AgentException("the enrolment token names an address that is not host:port; have it issued again", "token-malformed");

    private EnrolRequest Request(EnrolmentToken token, P256PrivateKey key)
    {
        var terms = token.Terms;
        var statement = new AgentRequest(
            terms.Cluster, terms.Customer, terms.Agent, terms.Instance, token.PublicKey, PublicKey.Parse(key.PublicKey), boot).Encode();
        var signature = new byte[P256PrivateKey.SignatureSize];
        key.Sign(statement, signature);
        return new EnrolRequest
        {
            Statement = ByteString.CopyFrom(statement),
            TokenSignature = ByteString.CopyFrom(token.Sign(statement)),
            AgentSignature = ByteString.CopyFrom(signature),
        };
    }

    private async Task<EnrolReply> PostAsync(Uri address, LinkTrust trust, EnrolRequest request, CancellationToken cancellation)
    {
        var server = new LinkServer(LinkRole.Dmz) { ConnectTimeout = ConnectTimeout };
        using var client = LinkHttpClient.CreateForEnrolment(trust, server, address);
        client.MaxResponseContentBufferSize = MaxReply;
        client.Timeout = AnswerTimeout;
        using var content = new ByteArrayContent(request.ToByteArray());
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        try
        {
            using var response = await client.PostAsync(new Uri("/v1/enrol", UriKind.Relative), content, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (response.StatusCode == HttpStatusCode.OK)
                return WireReader.Read(EnrolReply.Parser, body.AsSpan());

            var problem = WireReader.Read(Problem.Parser, body.AsSpan());
            throw new AgentException(
                $"the broker refused the enrolment: {Printable(problem.Detail)}",
                Printable(problem.Code) is { Length: > 0 } code ? code : "refused");
        }
        catch (MalformedException e)
        {
            throw new AgentException("the broker's answer is not an enrolment's; check the address of the token", "reply-malformed", e);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && LinkConnectException.In(e) is null
            && !cancellation.IsCancellationRequested)
        {
            throw new AgentException(
                "the answer of the broker was lost, and the token may be used up; have the agent invited again", "reply-lost", e);
        }
    }

    private Grant Keep(EnrolmentTerms terms, SecretBuffer scalar, PublicKey key, LinkTrust trust, EnrolReply reply)
    {
        var signed = new Signed(reply.Grant.ToByteArray(), reply.GrantSignature.ToByteArray());
        PublicKey identity;
        Grant grant;
        try
        {
            identity = PublicKey.Parse(reply.Identity.Span);
            grant = signed.Read<Grant>();
        }
        catch (MalformedException e)
        {
            throw new AgentException("the broker's grant is malformed; have the agent invited again", "grant-malformed", e);
        }

        if (identity.Fingerprint != terms.Identity)
            throw new AgentException(
                "the grant is not by the identity that the token names; tell the customer's administrators", "wrong-identity");
        if (!signed.IsBy(identity))
            throw new AgentException("the grant's signature does not verify; tell the customer's administrators", "grant-bad-signature");
        if (grant.Cluster != terms.Cluster || grant.Customer != terms.Customer || grant.Agent != terms.Agent || !grant.Key.Equals(key)
            || grant.Boot != boot || grant.Identity != terms.Identity)
            throw new AgentException("the grant is for another agent; have the agent invited again", "grant-of-another");

        Enrolled.Save(directory, scalar, trust, reply.Certificates.Select(static c => c.ToByteArray()), signed, identity);
        try
        {
            using var enrolled = Enrolled.Load(directory, boot, time.GetUtcNow());
            if (enrolled.Link.Identity is not { Role: LinkRole.Agent } link || link.Name != grant.Agent || link.Customer != grant.Customer)
                throw new AgentException("the certificate is for another; have the agent invited again", "certificate-of-another");
            return grant;
        }
        catch
        {
            Enrolled.Remove(directory);
            throw;
        }
    }

    // What a server says is shown to people: printable and short.
    private static string Printable(string text) => new([.. text.Where(static c => c is >= ' ' and < '\x7f').Take(200)]);
}
