using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Broker.Protocol.Api;

/// <summary>The JSON of the gateway: source-generated, camel case, unknown members refused, duplicates refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    MaxDepth = 16,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NodeModel))]
[JsonSerializable(typeof(AdmitNodeModel))]
[JsonSerializable(typeof(AdmittedModel))]
[JsonSerializable(typeof(DrainNodeModel))]
[JsonSerializable(typeof(DrainModel))]
[JsonSerializable(typeof(EnrolModel))]
[JsonSerializable(typeof(EnrolledModel))]
[JsonSerializable(typeof(ConfirmModel))]
[JsonSerializable(typeof(ShareModel))]
[JsonSerializable(typeof(WrapModel))]
[JsonSerializable(typeof(WayModel))]
[JsonSerializable(typeof(ChallengeModel))]
[JsonSerializable(typeof(ProofModel))]
[JsonSerializable(typeof(ProvenModel))]
[JsonSerializable(typeof(CustomerModel))]
[JsonSerializable(typeof(LockedModel))]
[JsonSerializable(typeof(SignedRequestModel))]
[JsonSerializable(typeof(PutCredentialModel))]
[JsonSerializable(typeof(ChangedModel))]
[JsonSerializable(typeof(HandOffModel))]
[JsonSerializable(typeof(TokenModel))]
[JsonSerializable(typeof(BackupCheckModel))]
[JsonSerializable(typeof(BackupCheckedModel))]
[JsonSerializable(typeof(PageModel<string>))]
[JsonSerializable(typeof(CredentialModel))]
[JsonSerializable(typeof(PageModel<CredentialModel>))]
[JsonSerializable(typeof(PageModel<UserModel>))]
[JsonSerializable(typeof(PageModel<AgentModel>))]
[JsonSerializable(typeof(PageModel<PolicyModel>))]
[JsonSerializable(typeof(PageModel<HandOffModel>))]
[JsonSerializable(typeof(LedgerModel))]
[JsonSerializable(typeof(ClusterStatusModel))]
[JsonSerializable(typeof(HealthModel))]
[JsonSerializable(typeof(ProblemModel))]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>
    /// The same type, but members that are not known are left out: for what another program of the installation says, which may be of the
    /// next version. What consoles bring is read by <see cref="Default"/>, so that a slip of the pen is refused.
    /// </summary>
    /// <param name="strict">The type as <see cref="Default"/> reads it.</param>
    public static JsonTypeInfo<T> Lenient<T>(JsonTypeInfo<T> strict) => (JsonTypeInfo<T>)Next.Context.GetTypeInfo(strict.Type)!;

    // Made when it is needed first, since it needs the default one.
    private static class Next
    {
        public static readonly ApiJson Context = new(new JsonSerializerOptions(Default.Options)
        {
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        });
    }
}
