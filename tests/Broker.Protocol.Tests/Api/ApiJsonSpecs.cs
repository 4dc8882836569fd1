using System.Text.Json;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Api;

public class ApiJsonSpecs
{
    private const string Good = """{"statement":"AQ==","payload":"Ag==","signatures":[]}""";

    [Fact]
    public void Signed_request_should_read_back()
    {
        var request = new SignedRequest(
            new byte[] { 1, 2 }, new byte[] { 3 }, [new UserSignature(Name.Parse("alice"), TestKey.Alice.Sign([1, 2]))]);
        var json = JsonSerializer.Serialize(SignedRequestModel.From(request), ApiJson.Default.SignedRequestModel);
        Assert.Equal(Describe.Value(request), Describe.Value(Read(json).ToRequest()));
    }

    [Theory]
    [InlineData("""{"statement":"AQ==","payload":"Ag==","signatures":[],"more":1}""")]
    [InlineData("""{"statement":"AQ==","statement":"AQ==","payload":"Ag==","signatures":[]}""")]
    [InlineData("""{"statement":"AQ==","payload":"Ag=="}""")]
    [InlineData("""{"statement":null,"payload":"Ag==","signatures":[]}""")]
    [InlineData("""{"statement":"AQ==","payload":"Ag==","signatures":null}""")]
    [InlineData("""{"statement":"?","payload":"Ag==","signatures":[]}""")]
    [InlineData("""{"statement":[1],"payload":"Ag==","signatures":[]}""")]
    [InlineData("""{"statement":"AQ==","payload":"Ag==","signatures":[]""")]
    public void Json_that_is_not_the_model_should_be_refused(string json)
    {
        Assert.Throws<JsonException>(() => Read(json));
        Assert.NotNull(Read(Good));
    }

    [Fact]
    public void Request_out_of_bounds_should_be_refused()
    {
        var signature = new UserSignatureModel("alice", new byte[64]);
        SignedRequestModel[] refused =
        [
            new(new byte[4097], [], [signature]), new([], new byte[SignedRequest.MaxPayload + 1], [signature]), new([], [], []),
            new([], [], [signature, signature, signature, signature, signature]),
            new([], [], [signature with { Signature = new byte[63] }]),
            new([], [], [signature with { User = "Alice" }]),
            Read("""{"statement":"AQ==","payload":"Ag==","signatures":[null]}"""),
        ];
        Assert.All(refused, model => Assert.Throws<MalformedException>(model.ToRequest));
        Assert.Single(new SignedRequestModel([], [], [signature]).ToRequest().Signatures);
    }

    private static SignedRequestModel Read(string json) => JsonSerializer.Deserialize(json, ApiJson.Default.SignedRequestModel)!;
}
