namespace Broker.Protocol.Api;

/// <summary>
/// The gateway's calls, all under <c>/v1</c>, all with a console certificate. Effects carry a signed request; reads of metadata
/// carry the token of a login as <c>Authorization: Bearer</c>.
/// </summary>
/// <remarks>
/// <list type="table">
/// <item><term>GET /v1/node</term><description><see cref="NodeModel"/></description></item>
/// <item><term>POST /v1/customers</term><description><see cref="EnrolModel"/> → <see cref="EnrolledModel"/></description></item>
/// <item><term>GET /v1/customers</term><description>names of customers</description></item>
/// <item><term>GET /v1/customers/{c}</term><description><see cref="CustomerModel"/></description></item>
/// <item>
/// <term>POST /v1/customers/{c}/confirmations</term>
/// <description><see cref="ConfirmModel"/> → <see cref="CustomerModel"/></description>
/// </item>
/// <item>
/// <term>POST /v1/customers/{c}/custody, rotation</term>
/// <description>change-custody, rotate → <see cref="EnrolledModel"/>; holders confirm as at enrolment</description>
/// </item>
/// <item><term>POST /v1/customers/{c}/shares</term><description><see cref="ShareModel"/> → <see cref="CustomerModel"/></description></item>
/// <item><term>POST /v1/customers/{c}/wraps</term><description><see cref="WrapModel"/> → <see cref="CustomerModel"/></description></item>
/// <item><term>POST /v1/customers/{c}/unlock</term><description><see cref="WayModel"/> → <see cref="CustomerModel"/></description></item>
/// <item>
/// <term>POST /v1/customers/{c}/custody-challenges</term>
/// <description><see cref="WayModel"/> → 201 <see cref="ChallengeModel"/></description>
/// </item>
/// <item>
/// <term>POST /v1/customers/{c}/custody-proofs</term>
/// <description><see cref="ProofModel"/> → <see cref="ProvenModel"/></description>
/// </item>
/// <item><term>POST /v1/customers/{c}/lock</term><description>lock → <see cref="LockedModel"/></description></item>
/// <item><term>POST /v1/customers/{c}/lift</term><description>lift-lock → <see cref="CustomerModel"/></description></item>
/// <item><term>POST /v1/customers/{c}/login</term><description>login → <see cref="TokenModel"/></description></item>
/// <item>
/// <term>PUT /v1/customers/{c}/credentials/{name}</term>
/// <description><see cref="PutCredentialModel"/> → <see cref="ChangedModel"/></description>
/// </item>
/// <item>
/// <term>POST /v1/customers/{c}/credentials/{name}/delete</term>
/// <description>delete-credential → <see cref="ChangedModel"/></description>
/// </item>
/// <item>
/// <term>POST /v1/customers/{c}/credentials/{name}/versions</term>
/// <description>put-next-version, <see cref="PutCredentialModel"/> → <see cref="ChangedModel"/></description>
/// </item>
/// <item>
/// <term>POST /v1/customers/{c}/credentials/{name}/stage, promote, retire, delete-version</term>
/// <description>the steps of a version → <see cref="ChangedModel"/></description>
/// </item>
/// <item><term>PUT /v1/customers/{c}/policies/{name}</term><description>put-policy → <see cref="ChangedModel"/></description></item>
/// <item><term>PUT /v1/customers/{c}/users/{name}</term><description>put-user → <see cref="ChangedModel"/></description></item>
/// <item><term>POST /v1/customers/{c}/users/{name}/delete</term><description>remove-user → <see cref="ChangedModel"/></description></item>
/// <item><term>PUT /v1/customers/{c}/agents/{name}</term><description>invite-agent → <see cref="SignedRequestModel"/></description></item>
/// <item>
/// <term>POST /v1/customers/{c}/agents/{name}/delete</term>
/// <description>remove-agent → <see cref="ChangedModel"/></description>
/// </item>
/// <item><term>POST /v1/customers/{c}/launches?wait=SECONDS</term><description>launch → 202 <see cref="HandOffModel"/></description></item>
/// <item>
/// <term>POST /v1/customers/{c}/hand-offs/{id}/release</term>
/// <description>release → 202 <see cref="HandOffModel"/></description>
/// </item>
/// <item>
/// <term>GET /v1/customers/{c}/credentials, policies, users, agents, hand-offs</term>
/// <description>pages; <c>?after=&amp;limit=</c></description>
/// </item>
/// <item><term>GET /v1/customers/{c}/hand-offs/{id}?wait=SECONDS</term><description><see cref="HandOffModel"/></description></item>
/// <item>
/// <term>GET /v1/customers/{c}/ledger?from=&amp;limit=</term>
/// <description><see cref="LedgerModel"/>; administrators and auditors</description>
/// </item>
/// <item>
/// <term>GET /v1/ledger?from=&amp;limit=</term>
/// <description>the cluster chain, <see cref="LedgerModel"/>; any console</description>
/// </item>
/// <item>
/// <term>POST /v1/node/admission</term>
/// <description><see cref="AdmitNodeModel"/> → <see cref="AdmittedModel"/>; any console</description>
/// </item>
/// <item>
/// <term>POST /v1/node/drain</term>
/// <description><see cref="DrainNodeModel"/> → 202 <see cref="DrainModel"/>; consoles that the node's configuration names</description>
/// </item>
/// <item>
/// <term>GET /v1/node/drain?after=&amp;wait=SECONDS</term>
/// <description><see cref="DrainModel"/>; any console</description>
/// </item>
/// <item>
/// <term>GET /v1/cluster/status?after=&amp;limit=</term>
/// <description><see cref="ClusterStatusModel"/>; any console</description>
/// </item>
/// <item><term>GET /health/live, /health/ready</term><description><see cref="HealthModel"/></description></item>
/// </list>
/// </remarks>
public static class ApiRoutes
{
    /// <summary>Prefix of all calls.</summary>
    public const string V1 = "/v1";

    /// <summary>Media type of problems, RFC 9457.</summary>
    public const string ProblemType = "application/problem+json";

    /// <summary>Largest body of a call: an upload of 1 MiB in base64 with its request.</summary>
    public const int MaxBody = 2 << 20;
}
