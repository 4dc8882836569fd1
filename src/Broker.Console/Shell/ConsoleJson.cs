using System.Text.Json.Serialization;
using Broker.Console.Audit;
using Broker.Console.Authority;
using Broker.Console.Backup;
using Broker.Console.Custody;
using Broker.Console.Customers;
using Broker.Console.Health;
using Broker.Console.Keys;
using Broker.Console.Profiles;
using Broker.Console.Requests;
using Broker.Console.Users;

namespace Broker.Console.Shell;

/// <summary>The JSON of the console's own files and results: camel case, unknown and duplicate members refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    MaxDepth = 16,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PinFile))]
[JsonSerializable(typeof(ShareFile))]
[JsonSerializable(typeof(WrapFile))]
[JsonSerializable(typeof(ProvenResult))]
[JsonSerializable(typeof(SavedRequest))]
[JsonSerializable(typeof(InvitationFile))]
[JsonSerializable(typeof(KeyResult))]
[JsonSerializable(typeof(KeptWrapsResult))]
[JsonSerializable(typeof(ProfileResult))]
[JsonSerializable(typeof(EnrolResult))]
[JsonSerializable(typeof(CustodyResult))]
[JsonSerializable(typeof(PinnedResult))]
[JsonSerializable(typeof(SavedResult))]
[JsonSerializable(typeof(DoneResult))]
[JsonSerializable(typeof(VersionResult))]
[JsonSerializable(typeof(RootResult))]
[JsonSerializable(typeof(IssuedResult))]
[JsonSerializable(typeof(AuditHeader))]
[JsonSerializable(typeof(AuditLine))]
[JsonSerializable(typeof(AuditReport))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(BackupReport))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
