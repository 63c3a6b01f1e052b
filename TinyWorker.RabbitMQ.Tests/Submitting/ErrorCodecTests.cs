using System.Text;
using System.Text.RegularExpressions;
using TinyWorker.Processes.Exceptions;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Exceptions between two builds.</summary>
public sealed class ErrorCodecTests
{
    [Test]
    public void Exception_Written_NamesNoVersionOfAnAssembly()
    {
        var body = ErrorCodec.Write(new PairException<Dictionary<string, int>>("a", new FormatException("b")));
        var text = Encoding.UTF8.GetString(body) + Encoding.Unicode.GetString(body) + Encoding.Unicode.GetString(body, 1, body.Length - 1);
        Assert.That(text, Does.Contain(nameof(PairException<int>)));
        Assert.That(text, Does.Not.Contain("Version=").And.Not.Contain("PublicKeyToken="));
        var read = ErrorCodec.Read(body, "X");
        Assert.That(read, Is.TypeOf<PairException<Dictionary<string, int>>>());
        Assert.That((read.Message, read.InnerException), Is.EqualTo(("a", read.InnerException)));
        Assert.That(read.InnerException, Is.TypeOf<FormatException>().With.Message.EqualTo("b"));
    }

    [TestCase(typeof(OwnException))]
    [TestCase(typeof(PairException<OwnException>))]
    [TestCase(typeof(PairException<List<OwnException>>))]
    public void Exception_OfAnotherVersionOfItsAssembly_KeepsItsType(Type type)
    {
        var later = Regex.Replace(type.AssemblyQualifiedName!, "Version=[0-9.]+", "Version=99.1.2.3");
        Assert.That(later, Is.Not.EqualTo(type.AssemblyQualifiedName));
        var there = ExceptionRebuilder.Rebuild(
            new ExceptionRecord(later, type.ToString(), "gone", "gone", IsCut: false, "   at There", [], [], []), "X");
        Assert.That(there, Is.TypeOf(type));
        Assert.That(there.Message, Is.EqualTo("gone"));
    }

    [TestCase("A.B, C, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null", "A.B, C")]
    [TestCase(
        "A`1[[B[], C, Version=1.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934]], D, Version=2.0.0.0, Culture=de, PublicKeyToken=null",
        "A`1[[B[], C]], D")]
    [TestCase("A.B", "A.B")]
    public void WithoutVersions_OfAName_LeavesTypesAndAssemblies(string name, string expected) =>
        Assert.That(TypeNames.WithoutVersions(name), Is.EqualTo(expected));

    [TestCase]
    [TestCase((byte)3)]
    [TestCase((byte)3, (byte)255)]
    [TestCase((byte)1, (byte)2)]
    public void Body_ThatIsNoException_IsRefused(params byte[] body) =>
        Assert.That(() => ErrorCodec.Read(body, "X"), Throws.TypeOf<InvalidDataException>());

    public sealed class OwnException(string message) : Exception(message);

    public sealed class PairException<T>(string message, Exception? inner) : Exception(message, inner);
}
