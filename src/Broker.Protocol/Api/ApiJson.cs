using System.Text.Json.Serialization;

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
public sealed partial class ApiJson : JsonSerializerContext;
